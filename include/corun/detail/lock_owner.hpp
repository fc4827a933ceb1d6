// Which fiber holds a lock, so that a cycle of waits can be told from a long wait.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/detail/wait_info.hpp>

#include <cstdint>

namespace corun::detail {

// Kept by a lock of one scheduler while it is held by one. The holder is the fiber that took the lock, until its guard is moved: to
// another fiber's stack, which makes that one the holder, or to where nobody can say whose it is. A fiber counts what it holds: the
// record of one that ends before a guard of it does must not go (scheduler_impl::end).
class lock_owner {
public:
    [[nodiscard]] bool is_held() const noexcept { return holder_ != nullptr; }

    void take(lock_holder& holder) noexcept {
        holder_ = &holder;
        ++holder.locks_held;
    }
    // By plain code, or by nobody knows whom.
    void take_unknown() noexcept { take(nobody_); }
    // By what runs.
    void take(scheduler_core* here) noexcept {
        if (here != nullptr && here->running != nullptr)
            take(*here->running);
        else
            take_unknown();
    }
    void pass_to(lock_holder& next) noexcept {
        --holder_->locks_held;
        take(next);
    }
    void release() noexcept {
        --holder_->locks_held;
        holder_ = nullptr;
    }

    // Who holds it, as far as that is known; null otherwise. On the lock's scheduler.
    [[nodiscard]] fiber_record* fiber() const noexcept {
        return holder_ == nullptr || holder_ == &nobody_ ? nullptr : static_cast<fiber_record*>(holder_);
    }
    // While it is held: worth a second look before it is waited for. Who runs, or is about to, closes no cycle.
    [[nodiscard]] bool is_parked_or(const lock_holder& self) const noexcept {
        return is_parked(holder_->state) || holder_ == &self;
    }

    // The lock's guard is at another place now. Any thread, of which only one that is inside the lock's scheduler may change
    // anything.
    void guard_moved(const void* guard, const scheduler_core* home) noexcept;

private:
    lock_holder* holder_ = nullptr;
    lock_holder nobody_;  // stands in where it is not known: taking and releasing need not ask
};

// Throws `deadlock` if the waiter, which is about to wait for something that only the holder can end, would wait for itself in the
// end. Only what is certain: each fiber on the way waits for the next one alone, with no deadline and no cancellation. `what` it
// waits for stands in the message before the holder's name.
void refuse_cycle(const fiber_record& waiter, const fiber_record& holder, const char* what);
// The same for a lock. A simulation reports deadlocks itself.
void refuse_lock_cycle(const fiber_record& waiter, const lock_owner& owner);

// For a lock's describe_wait.
void describe_lock_wait(const lock_owner& owner, wait_info& info) noexcept;

}  // namespace corun::detail
