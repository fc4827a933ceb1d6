// Cycles of fibers that wait for each other's locks and ends.
#include "scheduler_impl.hpp"

#include <corun/detail/lock_owner.hpp>
#include <corun/detail/scope.hpp>

#include <string>
#include <utility>

namespace corun::detail {
namespace {

// What a fiber waits for, where only one other fiber can end that; without a holder where something else may wake it.
wait_info certain_wait(const fiber_record& fiber, const scheduler_core* of) noexcept {
    if (fiber.owner != of || !is_parked(fiber.state)) return {};
    wait_info wait = wait_of(fiber);
    if (wait.source != wake_source::fibers) wait.holder = nullptr;
    return wait;
}

bool closes_cycle(const fiber_record& waiter, const fiber_record& holder) noexcept {
    const fiber_record* next = &holder;
    std::size_t longest = impl_of(*waiter.owner).live;  // others may wait in a cycle already, which leads round and round
    for (const fiber_record* after = nullptr; next != &waiter; next = after) {
        after = longest-- != 0 ? certain_wait(*next, waiter.owner).holder : nullptr;
        if (after == nullptr || may_be_cut_short(*next)) return false;
    }
    return !may_be_cut_short(waiter);
}

}  // namespace

// A holder that does not wait for another fiber costs one look at its state.
void refuse_cycle(const fiber_record& waiter, const fiber_record& holder, const char* what) {
    if (!closes_cycle(waiter, holder)) return;
    std::string chain =
        "corun: deadlock: fiber " + describe(waiter) + " waits at " + describe(waiter.where) + " for the " + what + " ";
    for (const fiber_record* next = &holder; next != &waiter;) {
        const wait_info wait = certain_wait(*next, waiter.owner);
        chain += describe(*next) + ", which waits at " + describe(next->where) + " for the " + wait.text + " ";
        next = wait.holder;
    }
    throw deadlock{chain + describe(waiter)};
}

void refuse_lock_cycle(const fiber_record& waiter, const lock_owner& owner) {
    const fiber_record* holder = owner.fiber();
    if (holder != nullptr && waiter.owner->simulated == nullptr) refuse_cycle(waiter, *holder, "mutex held by");
}

void describe_lock_wait(const lock_owner& owner, wait_info& info) noexcept {
    info.source = wake_source::fibers;
    info.holder = owner.fiber();
    info.say(info.holder != nullptr ? "mutex held by" : "mutex");
}

// Its guards are elsewhere, and count down in its record when they end.
void scheduler_impl::keep_for_its_guards(fiber_record& ended) noexcept {
    drop_kept_records(false);
    intrusive_ptr_add_ref(&ended);
    ended.previous = std::exchange(kept_, &ended);
}

void scheduler_impl::drop_kept_records(bool all) noexcept {
    for (fiber_record** link = &kept_; *link != nullptr;) {
        fiber_record& record = **link;
        if (record.locks_held != 0 && !all) {
            link = &record.previous;
        } else {
            *link = record.previous;
            intrusive_ptr_release(&record);
        }
    }
}

void lock_owner::guard_moved(const void* guard, const scheduler_core* home) noexcept {
    scheduler_core* here = current_core();
    if (here == nullptr || (here != home && here->simulated == nullptr) || !is_held()) return;
    pass_to(nobody_);
    if (here->running == nullptr) return;
    const stack_span& stack = here->running->stack;
    const auto distance = reinterpret_cast<std::uintptr_t>(guard) - reinterpret_cast<std::uintptr_t>(stack.base);
    if (distance < stack.size) pass_to(*here->running);
}

}  // namespace corun::detail
