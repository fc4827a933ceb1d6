#include "scheduler_impl.hpp"

#include <corun/group.hpp>
#include <corun/scoped_value.hpp>
#include <corun/shield.hpp>

#include <exception>
#include <string>
#include <utility>

namespace corun {
namespace detail {

// The parent's wait for its children. A cancellation that arrives here goes on to them, and the wait goes on.
class group_join {
public:
    explicit group_join(group_state& group) noexcept : group_{group} {}

    [[nodiscard]] bool ready() noexcept {
        if (was_asked_) pass_on();  // it may have been asked harder
        touches(group_.name_, access::read);
        return group_.live_.empty() && group_.held_.empty();
    }
    void start(const waker& w) noexcept { start_on(*w.fiber()); }
    void start_on(fiber_record& parent) noexcept { group_.joiner_ = &parent; }
    [[nodiscard]] bool cancel() noexcept {
        was_asked_ = true;
        group_.was_interrupted_ = seen_by_parent().source != &*group_.scope_;
        pass_on();
        return false;
    }
    void get() const noexcept { group_.joiner_ = nullptr; }
    static constexpr bool may_wait_for_fibers = true;
    void describe_wait(wait_info& info) const noexcept {
        info.source = wake_source::fibers;
        const bool is_last = group_.live_.size() == 1 && group_.held_.empty();
        if (is_last) info.holder = &group_.live_.front().record;
        info.say(is_last ? "last child of its group," : "children of its group");
    }

private:
    [[nodiscard]] cancellation_view seen_by_parent() const noexcept {
        return {group_.parent_, group_.parent_.innermost, std::uncaught_exceptions()};
    }
    void pass_on() noexcept {
        const scope* const source = seen_by_parent().source;
        const stop_request hardest = source != nullptr ? stop_terminal : group_.hardest_of_parent();
        if (hardest > group_.hardest_)
            group_.cancel_all(source != nullptr ? source->reason() : group_.parent_.reason.load(), hardest);
    }

    group_state& group_;
    bool was_asked_ = false;
};

group_state::group_state(fiber_record& parent, const group_options& options, std::source_location where)
    : parent_{parent},
      home_{parent.owner},
      policy_{options.failure},
      max_concurrency_{options.max_concurrency},
      grace_{options.grace},
      where_{where},
      deadline_{effective_deadline(parent)},
      values_{parent.values} {
    own_failures_.reserve(1);
    scope_.emplace(parent, scope_kind::group, where);
}

void group_state::expect_inside(const char* what) const {
    if (current_core() == home_) return;
    throw wrong_scheduler{std::string{"corun: "} + what + " was called outside of the scheduler of the group of " +
                          describe(where_) + describe_here() + "; asio::post(executor, [g]() mutable { ... }) leads there"};
}

scheduler_core& group_state::scheduler() const {
    if (phase_ == phase::ended)
        throw group_ended{"corun: spawn() into the group of " + describe(where_) + ", which has ended" + describe_here()};
    expect_inside("group::spawn()");
    return *parent_.owner;
}

std::size_t group_state::size() const {
    if (phase_ == phase::ended) return 0;
    expect_inside("group::size()");
    touches(name_, access::read);
    return live_.size() + held_.size();
}

void group_state::admit(group_member& fresh, const spawn_options& options) {
    touches(name_, access::write);
    const bool is_full = max_concurrency_ != 0 && live_.size() >= max_concurrency_;
    const bool waits = is_full && !cancelled_;
    scheduler_impl& scheduler = impl_of(*parent_.owner);
    prepare(fresh.record, options);
    fresh.record.inherited_deadline = deadline_;
    if (current_core()->running == nullptr) fresh.record.values = values_;  // spawned by a callback
    fresh.record.never_begins = is_full && cancelled_;
    fresh.state = waits ? member_state::held : member_state::live;
    (waits ? held_ : live_).push_back(fresh);
    scheduler.admit(fresh.record, waits);
    if (cancelled_ && fresh.state == member_state::live) cut(fresh, scope_->reason());
}

void group_state::cancel() {
    if (phase_ == phase::ended) return;
    expect_inside("group::cancel()");
    cancel_all(cancel_reason::group);
}

void group_state::defer(std::unique_ptr<deferred_call> call) {
    if (phase_ == phase::ended)
        throw group_ended{"corun: a function was to be deferred in the group of " + describe(where_) + ", which has ended"};
    expect_inside("group::defer()");
    touches(name_, access::write);
    own_failures_.reserve(deferred_.size() + 2);  // one each, and the body's
    deferred_.push_back(std::move(call));
}

void group_state::cancel_all(cancel_reason reason, stop_request hardest) noexcept {
    touches(name_, access::write);
    if (hardest <= hardest_) return;
    hardest_ = hardest;
    cancelled_ = true;
    scope_->cancel(reason);
    for (group_member& member : live_) cut(member, reason);
    begin_held();
}

void group_state::cut(group_member& child, cancel_reason reason) noexcept {
    child.was_cut |= !child.record.is_cancelled;
    impl_of(*parent_.owner).cancel(child.record, reason, hardest_);
}

stop_request group_state::hardest_of_parent() const noexcept {
    return parent_.is_cancelled ? static_cast<stop_request>(parent_.hardest_request.load()) : stop_terminal;
}

bool group_state::ended(group_member& member) noexcept {
    touches(name_, access::write);
    (member.state == member_state::held ? held_ : live_).erase(member_list::s_iterator_to(member));
    member.state = member_state::outside;
    const fiber_record& record = member.record;
    const bool was_shut_down = record.was_cancelled && record.reason.load() == cancel_reason::shutdown;
    cut_a_child_ |= was_shut_down || (record.was_cancelled && member.was_cut);
    shut_down_a_child_ |= was_shut_down;
    const bool takes = record.failure && !record.was_cancelled && policy_ != isolate;
    if (takes) {
        failed_.push_back(member);
        member.state = member_state::failed;
        intrusive_ptr_add_ref(&member.record);
        if (policy_ == fail_fast) cancel_all(cancel_reason::group);
    }
    begin_held();
    if (joiner_ != nullptr && live_.empty() && held_.empty()) make_ready(*joiner_);
    return takes;
}

// Those that are cancelled, with their group or alone, need no room: they end without having begun.
void group_state::begin_held() noexcept {
    while (!held_.empty() && (cancelled_ || live_.size() < max_concurrency_)) begin(held_.front());
}

void group_state::cancelled_before_its_turn(group_member& member) noexcept {
    if (member.state != member_state::held) return;
    touches(name_, access::write);
    begin(member);
}

void group_state::begin(group_member& held) noexcept {
    held.record.never_begins = cancelled_ || held.record.is_cancelled;
    held.was_cut = cancelled_ && !held.record.is_cancelled;
    held_.erase(member_list::s_iterator_to(held));
    live_.push_back(held);
    held.state = member_state::live;
    impl_of(*parent_.owner).start_held(held.record);
}

void group_state::body_ended() noexcept {
    try {
        throw;
    } catch (const cancelled& c) {
        if (scope_->threw(c)) return;
        interruption_ = std::current_exception();
        cancel_all(c.reason(), scope::is_of_fiber(c) ? hardest_of_parent() : stop_terminal);
    } catch (...) {
        note_failure();
        if (policy_ != collect) cancel_all(cancel_reason::group);
    }
}

void group_state::conclude(std::source_location where) {
    parent_.where = where;
    group_join join{*this};
    await(parent_, join);
    join.get();
    phase_.store(phase::ended, std::memory_order_relaxed);
    scope_.reset();
    run_deferred(where);
    throw_failures();
}

void group_state::run_deferred(std::source_location where) {
    while (!deferred_.empty()) {
        const std::unique_ptr<deferred_call> call = std::move(deferred_.back());
        deferred_.pop_back();
        try {
            corun::yield(with_shield(grace_, [&] { call->run(); }), where);
        } catch (const cancelled&) {  // its grace was over
            if (!interruption_) interruption_ = std::current_exception();
        } catch (...) {
            note_failure();
        }
    }
}

}  // namespace detail
}  // namespace corun
