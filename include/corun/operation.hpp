// What a fiber can wait for.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/detail/simulation.hpp>
#include <corun/detail/wait_info.hpp>

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

// True while a cancellation is to be thrown: one shows at this point of the fiber's code, from inside the destructor where one
// runs while an exception unwinds the fiber.
[[nodiscard]] bool is_interrupted(const fiber_record& self) noexcept;

// give_way, out of line. Not inside a function that a strand runs: nothing switches there.
void take_turns(fiber_record& self);

// For whoever looks at the fiber while it stands still in the operation.
template <class Op>
void note_wait(fiber_record& self, const Op& op) noexcept {
    self.waits_for = &wait_kind_of<Op>;
    asm("" : "+m"(self.waits_for));  // two stores, which a compiler would make one of, by way of a vector register
    self.waits_in = &op;
}

// Throws when a simulation has this operation fail.
void fail_where_simulated(fiber_record& self);

// Our own operations that take something of which there may be none left have `commit` in place of `ready`. Where they are yielded
// on alone, nobody else's turn is decided by `ready`, and the attempt itself is the question.
template <class Op>
CORUN_SWITCH bool is_done(fiber_record& self, Op& op) {
    if constexpr (requires { op.commit(self); })
        return op.commit(self);
    else
        return op.ready();
}

// After the fiber was parked. Some know that they had not ended before.
template <class Op>
CORUN_SWITCH bool is_done_now(fiber_record& self, Op& op) {
    if constexpr (requires { op.commit_woken(self); })
        return op.commit_woken(self);
    else
        return is_done(self, op);
}

// Operations that are ready at once, in a loop, must not keep the others from running.
template <class Op>
[[gnu::noinline]] void give_turns(fiber_record& self, Op& op) {
    note_wait(self, op);
    take_turns(self);
}
// What one of those takes away meanwhile is waited for.
template <class Op>
[[gnu::noinline]] bool is_done_after_a_turn(fiber_record& self, Op& op) {
    give_turns(self, op);
    return is_done(self, op);
}

// Our own operations, whose fiber is parked as long as they know it, need no reference to it; some know that they will have to
// wait.
// @return  whether it may be ready now
template <class Op>
CORUN_SWITCH bool start(fiber_record& self, Op& op) {
    if (self.owner->simulated != nullptr) [[unlikely]]
        fail_where_simulated(self);
    if constexpr (requires {
                      { op.start_on(self) } -> std::same_as<bool>;
                  }) {
        return op.start_on(self);
    } else {
        if constexpr (requires { op.start_on(self); })
            op.start_on(self);
        else
            op.start(waker{self});
        return true;
    }
}

// Some begin to wait where they find nothing at once.
template <class Op>
CORUN_SWITCH bool must_start(const Op& op) noexcept {
    if constexpr (requires { op.has_enlisted(); })
        return !op.has_enlisted();
    else
        return true;
}

// A ready operation's fiber goes on at once as long as the drive's budget lasts.
template <class Op>
CORUN_SWITCH bool may_go_on(fiber_record& self, Op& op) {
    return self.owner->spend() || is_done_after_a_turn(self, op);
}

// Waits until the operation is ready. The one place in which fibers park on anything but the run queue.
template <operation Op>
CORUN_SWITCH void await(fiber_record& self, Op& op) {
    if constexpr (requires { op.take_now(self); }) {
        if (op.take_now(self)) [[likely]] {
            if (!self.owner->spend()) [[unlikely]]
                take_turns(self);
            return;
        }
        refuse_below_strand(self);
    } else if constexpr (requires { op.at_once(self); }) {
        refuse_below_strand(self);
        if (op.at_once(self)) {
            if (!self.owner->spend()) [[unlikely]]
                give_turns(self, op);
            return;
        }
    } else {
        refuse_below_strand(self);
        if (is_done(self, op) && may_go_on(self, op)) return;
    }
    if (must_start(op) && start(self, op) && is_done(self, op) && may_go_on(self, op)) return;
    self.yielded_at = self.owner->coarse_now;  // once: a wake that was only a hint does not count
    bool asked = false;
    do {
        if (self.alerts != 0 && !asked && is_interrupted(self)) [[unlikely]] {
            asked = true;
            if (op.cancel()) throw_cancelled(self);
        } else {
            note_wait(self, op);
            ++self.owner->waits;
            park(self);
        }
    } while (!is_done_now(self, op));
}

}  // namespace detail
}  // namespace corun
