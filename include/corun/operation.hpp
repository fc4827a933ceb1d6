// What a fiber can wait for.
#pragma once

#include <corun/detail/core.hpp>

#include <concepts>
#include <utility>

namespace corun {

/// Wakes one fiber. Handed to an operation when it starts.
///
/// A wake is a hint: the fiber asks the operation again whether it is ready, and parks again if not. Waking twice, too
/// early, or long after the fiber has gone on or ended, is therefore harmless. Copyable; may be called, copied and destroyed
/// on any thread. Never switches.
class waker {
public:
    explicit waker(detail::fiber_record& fiber) noexcept : fiber_{&fiber} {}

    /// What was written before this call is visible to the woken fiber when it asks `ready`.
    void wake() const noexcept { detail::wake(*fiber_); }

    [[nodiscard]] const detail::fiber_ref& fiber() const noexcept { return fiber_; }

private:
    detail::fiber_ref fiber_;
};

/// A description of something to wait for; it does nothing until `corun::yield(op)`, which calls, on the fiber:
/// - `ready()`: is the outcome there? Asked first, then after each wake. Has no effect.
/// - `start(waker)`: called once, if not ready: arranges that the waker is called after `ready` has become true. It may be
///   called from any thread, even before `start` returns. If `start` throws, nothing was started, and the yield throws it.
/// - `cancel()`: called at most once, after `start`, when the fiber is cancelled. True: the operation is withdrawn, nothing of it
///   goes on, the yield throws `cancelled`. False: it was asked to stop, and the fiber waits on until `ready`.
/// - `get()`: called at most once, when ready: the value of the yield, or throws its error.
template <class T>
concept operation = requires(T& op, waker w) {
    { op.ready() } -> std::convertible_to<bool>;
    op.start(std::move(w));
    { op.cancel() } -> std::convertible_to<bool>;
    op.get();
};

namespace detail {

[[noreturn]] void throw_cancelled(fiber_record& self);

// True while a cancellation is to be thrown: the fiber is cancelled and no exception is unwinding it.
[[nodiscard]] bool is_interrupted(const fiber_record& self) noexcept;

// Waits until the operation is ready. The one loop in which fibers park on anything but the run queue.
template <operation Op>
void await(fiber_record& self, Op& op) {
    bool started = false, asked = false, parked = false;
    while (!op.ready()) {
        if (!started) {
            started = true;
            // Our own operations, whose fiber is parked as long as they know it, need no reference to it.
            if constexpr (requires { op.start_on(self); })
                op.start_on(self);
            else
                op.start(waker{self});
        } else if (!asked && is_interrupted(self)) {
            asked = true;
            if (op.cancel()) throw_cancelled(self);
        } else {
            parked = true;
            park(self);
        }
    }
    // Operations that are ready at once, in a loop, must not keep the others from running.
    if (!parked && --self.owner->budget <= 0) give_way(self);
}

}  // namespace detail
}  // namespace corun
