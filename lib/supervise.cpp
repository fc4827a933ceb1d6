#include <corun/supervise.hpp>

#include <corun/detail/simulation.hpp>
#include <corun/group.hpp>
#include <corun/shield.hpp>
#include <corun/timeout.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

namespace corun::detail {
namespace {

enum class child_state : std::uint8_t {
    running,  // `fiber` is its handle; when it has ended, it is in supervisor::ends_ until the supervisor takes it
    waiting,  // to be started at `start_at`
    done,     // not to be started any more
};

struct supervised {
    child spec;
    child_state state = child_state::waiting;
    clock::time_point start_at = clock::time_point::min();
    corun::fiber<> fiber = {};
};

// Lives on the stack of the fiber that supervises; touched by it and by its children, which share its scheduler.
class supervisor {
public:
    supervisor(const supervise_options& options, std::vector<child> children, std::source_location where);

    void run(group& all);

private:
    class next_end;
    class end_note;

    void start(group& all, std::size_t index);
    void start_those_due(group& all);
    void stop(std::size_t index);
    void stop_from(std::size_t first);
    void take(std::size_t ended);
    void note_restart(std::size_t ended);
    void give_up(std::size_t ended);
    [[nodiscard]] clock::duration delay() const;
    [[nodiscard]] clock::time_point next_start() const;
    [[nodiscard]] bool any_left() const;

    const supervise_options options_;
    const std::source_location where_;
    std::vector<supervised> children_;      // in the order of their starts
    named_object name_of_ends_;
    std::vector<std::size_t> ends_;         // indices of children, that have not been taken; one for each at most
    std::deque<clock::time_point> restarts_;  // within the period
    fiber_record* waiting_ = nullptr;       // the supervising fiber, parked for an end
};

// Belongs to a child's function, and ends with it: in the child's last turn; or instead of its first, for want of a stack.
class supervisor::end_note {
public:
    end_note(supervisor& s, std::size_t index) noexcept : supervisor_{&s}, index_{index} {}
    end_note(end_note&& other) noexcept : supervisor_{std::exchange(other.supervisor_, nullptr)}, index_{other.index_} {}
    ~end_note() {
        if (supervisor_ == nullptr) return;
        touches(supervisor_->name_of_ends_, access::write);
        supervisor_->ends_.push_back(index_);  // there is room: reserved
        if (supervisor_->waiting_ != nullptr) make_ready(*supervisor_->waiting_);
    }

private:
    supervisor* supervisor_;
    std::size_t index_;
};

// Its value is the child whose end came first.
class supervisor::next_end {
public:
    explicit next_end(supervisor& s) noexcept : supervisor_{s} {}
    ~next_end() { supervisor_.waiting_ = nullptr; }

    [[nodiscard]] bool ready() const noexcept {
        touches(supervisor_.name_of_ends_, access::read);
        return !supervisor_.ends_.empty();
    }
    void start(const waker& w) noexcept { start_on(*w.fiber()); }
    void start_on(fiber_record& fiber) noexcept { supervisor_.waiting_ = &fiber; }
    [[nodiscard]] bool cancel() const noexcept { return true; }
    std::size_t get() {
        touches(supervisor_.name_of_ends_, access::write);
        const std::size_t first = supervisor_.ends_.front();
        supervisor_.ends_.erase(supervisor_.ends_.begin());
        return first;
    }

private:
    supervisor& supervisor_;
};

supervisor::supervisor(const supervise_options& options, std::vector<child> children, std::source_location where)
    : options_{options}, where_{where} {
    children_.reserve(children.size());
    for (child& c : children) children_.push_back({.spec = std::move(c)});
    ends_.reserve(children_.size());
}

void supervisor::run(group& all) {
    try {
        while (any_left()) {
            start_those_due(all);
            if (const auto end = corun::yield(move_on_at(next_start(), next_end{*this}), where_)) take(*end);
        }
    } catch (const cancelled&) {
        corun::yield(with_shield(options_.grace, [this] { stop_from(0); }), where_);
        throw;
    }
}

bool supervisor::any_left() const {
    return std::any_of(children_.begin(), children_.end(), [](const supervised& c) { return c.state != child_state::done; });
}

clock::time_point supervisor::next_start() const {
    clock::time_point earliest = clock::time_point::max();
    for (const supervised& c : children_)
        if (c.state == child_state::waiting) earliest = std::min(earliest, c.start_at);
    return earliest;
}

void supervisor::start_those_due(group& all) {
    const clock::time_point now = clock::now();
    for (std::size_t i = 0; i != children_.size(); ++i)
        if (children_[i].state == child_state::waiting && children_[i].start_at <= now) start(all, i);
}

void supervisor::start(group& all, std::size_t index) {
    supervised& c = children_[index];
    auto life = [&c, note = end_note{*this, index}] { c.spec.function(); };
    c.fiber = all.spawn({.name = c.spec.name, .stack_size = c.spec.stack_size, .at = c.spec.at}, std::move(life));
    c.state = child_state::running;
}

// Ends a child and forgets its end. What it fails with meanwhile goes to the unhandled-failure handler, with its handle.
void supervisor::stop(std::size_t index) {
    supervised& c = children_[index];
    if (c.state == child_state::running) {
        c.fiber.cancel();
        corun::yield(c.fiber.wait(), where_);
        touches(name_of_ends_, access::write);
        std::erase(ends_, index);
    }
    c.fiber = {};
    c.state = child_state::done;
}

void supervisor::stop_from(std::size_t first) {
    for (std::size_t i = children_.size(); i-- != first;) stop(i);
}

void supervisor::take(std::size_t ended) {
    supervised& c = children_[ended];
    corun::yield(c.fiber.wait(), where_);  // it has noted its end, and is about to end
    const bool has_returned = c.fiber.status() == fiber_status::completed;
    const bool is_restarted = c.spec.restart == restart::permanent || (c.spec.restart == restart::transient && !has_returned);
    if (!is_restarted) {
        c.state = child_state::done;
        c.fiber = {};
        return;
    }
    note_restart(ended);
    const clock::time_point when = clock::now() + delay();
    const std::size_t first = options_.strategy == one_for_all ? 0 : ended;
    const std::size_t behind = options_.strategy == one_for_one ? ended + 1 : children_.size();
    for (std::size_t i = behind; i-- != first;) {
        if (children_[i].state == child_state::done) continue;
        stop(i);
        if (i != ended && children_[i].spec.restart == restart::temporary) continue;  // ended with the others, for good
        children_[i].state = child_state::waiting;
        children_[i].start_at = when;
    }
}

void supervisor::note_restart(std::size_t ended) {
    const clock::time_point now = clock::now();
    while (!restarts_.empty() && now - restarts_.front() > options_.period) restarts_.pop_front();
    if (restarts_.size() == options_.max_restarts) give_up(ended);
    restarts_.push_back(now);
}

clock::duration supervisor::delay() const {
    clock::duration delay = options_.backoff;
    for (std::size_t i = 1; i < restarts_.size() && delay < options_.longest_backoff; ++i) delay *= 2;
    return std::min(delay, options_.longest_backoff);
}

void supervisor::give_up(std::size_t ended) {
    const supervised& last = children_[ended];
    std::string what = "corun: child '" + last.spec.name + "' of the supervision of " + describe(where_) +
                       " has ended once more after " + std::to_string(options_.max_restarts) + " restarts";
    std::exception_ptr failure;
    try {
        corun::yield(last.fiber.join(), where_);
    } catch (const cancelled&) {  // ours: a join tells the child's own otherwise
        throw;
    } catch (...) {
        failure = std::current_exception();
        what += ", with " + describe(failure);
    }
    stop_from(0);
    throw restarts_exhausted{what, failure};
}

}  // namespace

void run_supervised(const supervise_options& options, std::vector<child> children, std::source_location where) {
    (void)enter_yield(where);
    supervisor own{options, std::move(children), where};
    corun::yield(with_group({.failure = isolate}, [&](group& all) { own.run(all); }), where);
}

}  // namespace corun::detail
