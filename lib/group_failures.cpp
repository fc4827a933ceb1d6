// What a group throws of the failures in it.
#include "scheduler_impl.hpp"

#include <corun/group.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace corun {
namespace detail {

void group_state::note_failure() noexcept {
    if (own_failures_.empty()) failed_before_own_ = failed_.size();
    own_failures_.push_back(std::current_exception());  // there is room: reserved
}

// In their order, with what was attached to each; and lets go of the failed children.
std::vector<std::exception_ptr> group_state::take_failures() {
    std::vector<std::exception_ptr> all, joined;
    const auto take = [&](const std::exception_ptr& failure, const fiber_record& from) {
        if (std::find(joined.begin(), joined.end(), failure) != joined.end()) return;  // a child's, which a join brought here, too
        all.push_back(failure);
        if ((from.outcome.load(std::memory_order_relaxed) & outcome_joined) != 0) joined.push_back(failure);
        if (from.attached && from.attached->thrown == failure)
            all.insert(all.end(), from.attached->others.begin(), from.attached->others.end());
    };
    std::size_t place = 0;
    for (;; ++place) {
        if (place == failed_before_own_)
            for (const std::exception_ptr& failure : own_failures_) take(failure, parent_);
        if (failed_.empty()) return all;
        const fiber_ref child{&failed_.front().record, false};
        failed_.front().state = member_state::outside;
        failed_.pop_front();
        take(child->failure, *child);
    }
}

void group_state::throw_failures() {
    std::vector<std::exception_ptr> all = take_failures();
    if (all.empty()) {
        if (interruption_) std::rethrow_exception(interruption_);
        if ((was_interrupted_ && cut_a_child_) || (shut_down_a_child_ && is_interrupted(parent_))) throw_cancelled(parent_);
        return;
    }
    if (policy_ == collect)
        throw group_error{"corun: " + std::to_string(all.size()) + " failed in the group of " + describe(where_) +
                              "; first: " + describe(all.front()),
                          std::move(all)};
    const std::exception_ptr first = all.front();
    all.erase(all.begin());
    if (!all.empty()) parent_.attached = std::make_shared<attached_failures>(attached_failures{first, std::move(all)});
    std::rethrow_exception(first);
}

void group_state::throw_without_value() const {
    throw fiber_cancelled{"corun: the body of the group of " + describe(where_) + " was cancelled and has no value"};
}

group_state::~group_state() {
    while (!failed_.empty()) {  // only where memory has run out while they were collected
        const fiber_ref child{&failed_.front().record, false};
        failed_.pop_front();
    }
}

}  // namespace detail

std::vector<std::exception_ptr> other_failures() {
    const detail::scheduler_core* core = detail::current_core();
    if (core == nullptr || core->running == nullptr || !core->running->attached) return {};
    const auto& attached = *core->running->attached;
    return attached.thrown == std::current_exception() ? attached.others : std::vector<std::exception_ptr>{};
}

}  // namespace corun
