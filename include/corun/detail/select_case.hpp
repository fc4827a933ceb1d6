// What is between the parentheses of a select: operations, cases with a function, the default case.
#pragma once

#include <corun/detail/wait_list.hpp>
#include <corun/yield.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace corun::detail {

struct no_function {};

// An operation on a concurrent_ primitive: other threads may commit it while it waits.
template <class T>
concept shared_committing = requires(T& op, const selection& among) {
    op.line_lock();
    op.passes(among);
};

// One case: an operation, and how it takes part. Committing ones are taken by whoever serves them; any other is begun, asked, and
// stopped.
// @tparam Op  an operation, or a reference to one of the caller's
template <class Op, class Function = no_function>
struct select_case {
    using operation_type = std::remove_reference_t<Op>;
    static constexpr bool is_shared = shared_committing<operation_type>;
    static constexpr bool is_committing = is_shared || committing_operation<operation_type>;

    explicit select_case(Op&& o, Function f = {}) : op(taken(std::forward<Op>(o))), function{std::move(f)} {}
    select_case(select_case&& other) : select_case{std::forward<Op>(other.op), std::move(other.function)} {}  // before it starts

    Op op;
    [[no_unique_address]] Function function;

    // Who serves a committing case of a plain primitive is a fiber.
    static constexpr bool may_wait_for_fibers = is_committing ? !is_shared : detail::may_wait_for_fibers<operation_type>;
    [[nodiscard]] bool waits_for_fibers() const noexcept { return is_committing ? !is_shared : detail::waits_for_fibers(op); }

    // Whether it can take effect now; has none. @param here  null outside of schedulers
    [[nodiscard]] CORUN_SWITCH bool is_available(scheduler_core* here) {
        if constexpr (requires { op.available(here); })
            return op.available(here);
        else if constexpr (is_committing)
            return op.available();
        else
            return op.ready();
    }
    // False only where is_available is false as well, and often cheaper.
    [[nodiscard]] CORUN_SWITCH bool may_be_available(scheduler_core* here) {
        if constexpr (requires { op.may_be_available(here); })
            return op.may_be_available(here);
        else
            return is_available(here);
    }
    // Of one that has begun and that nobody commits. One that throws has ended with that.
    [[nodiscard]] bool has_ended(std::exception_ptr& failure) noexcept {
        try {
            return op.ready();
        } catch (...) {
            failure = std::current_exception();
            return true;
        }
    }
    // Takes effect, if it still can.
    [[nodiscard]] bool commit(scheduler_core* here) {
        if constexpr (requires { op.commit_on(here); })
            return op.commit_on(here);
        else if constexpr (is_committing)
            return op.commit();
        else
            return true;
    }
    // Where it does not depend on other threads. False: only later events can end it.
    bool wait(fiber_record& self, selection& all, int number) {
        if constexpr (is_committing) {
            if constexpr (is_shared)
                op.wait_among(self, all, number);
            else
                op.wait_among(all, number);
            return false;
        } else if constexpr (requires { op.start_among(self); }) {
            return op.start_among(self);
        } else if constexpr (requires { op.start_on(self); }) {
            op.start_on(self);
        } else {
            op.start(waker{self});
        }
        return !is_committing;
    }
    // Of one of this scheduler that has not begun, and perhaps never will.
    void stay_out() noexcept { op.stay_out_of_select(); }
    // Its beginning runs code of the user's.
    static constexpr bool is_users = !is_committing && !requires(operation_type& o, fiber_record& f) { o.start_among(f); } &&
                                     !requires(operation_type& o, fiber_record& f) { o.start_on(f); };
    // False: it goes on until is_available().
    [[nodiscard]] bool withdraw() {
        if constexpr (is_shared) {
            op.withdraw_from_select();
            return true;
        } else if constexpr (is_committing) {
            op.leave_select();
            return true;
        } else {
            return op.cancel();
        }
    }

private:
    static Op taken(Op&& given) {
        if constexpr (std::is_constructible_v<Op, Op, case_of_select>)
            return Op{std::forward<Op>(given), case_of_select{}};
        else
            return std::forward<Op>(given);
    }
};
template <class Function>
struct default_case {
    static constexpr bool is_shared = false;
    static constexpr bool is_committing = false;
    static constexpr bool is_users = false;
    static constexpr bool may_wait_for_fibers = false;  // nobody waits beside one

    explicit default_case(Function f) : function{std::move(f)} {}

    [[no_unique_address]] Function function;

    [[nodiscard]] bool is_available(scheduler_core*) const noexcept { return false; }
    [[nodiscard]] bool may_be_available(scheduler_core*) const noexcept { return false; }
    [[nodiscard]] bool commit(scheduler_core*) const noexcept { return true; }
};

template <class T>
inline constexpr bool is_case = false;
template <class Op, class F>
inline constexpr bool is_case<select_case<Op, F>> = true;
template <class T>
inline constexpr bool is_default = false;
template <class F>
inline constexpr bool is_default<default_case<F>> = true;

template <class T>
concept selectable = operation<std::remove_cvref_t<T>> && !requires { std::remove_cvref_t<T>::has_effects_before_its_end; };

// Refuses what cannot be selected, each with its reason.
template <class T>
constexpr void check_selectable() {
    using op = std::remove_cvref_t<T>;
    static_assert(!asio_operation<op>,
                  "select: an Asio operation that loses would have taken effect all the same (a read would lose its bytes); use "
                  "corun::race, or select over readable(fd)");
    static_assert(
        asio_operation<op> || operation<op>,
        "select: not an operation; a function, or a block like with_timeout, runs on the fiber itself: spawn it and join");
    static_assert(!operation<op> || selectable<op>,
                  "select: this operation takes effect before it ends (a barrier's arrival, a condition's wait, a once's call, a "
                  "read or write of a whole buffer, a select inside of select), so that it cannot lose");
}

// Beside cases that other threads may commit, one of the scheduler's own must be decided on before its value is moved.
template <class Case>
inline constexpr bool hands_over_with_exceptions = false;
template <class Op, class F>
    requires requires { std::remove_reference_t<Op>::hand_over_may_throw; }
inline constexpr bool hands_over_with_exceptions<select_case<Op, F>> = std::remove_reference_t<Op>::hand_over_may_throw;

// The case that an argument of select is or becomes.
template <class T>
struct case_for {
    using type = select_case<std::conditional_t<std::is_lvalue_reference_v<T>, T, std::remove_cvref_t<T>>>;
};
template <class T>
    requires(is_case<std::remove_cvref_t<T>> || is_default<std::remove_cvref_t<T>>)
struct case_for<T> {
    using type = std::remove_cvref_t<T>;
};

template <class T>
constexpr void check_argument() {
    using plain = std::remove_cvref_t<T>;
    if constexpr (!is_case<plain> && !is_default<plain>) check_selectable<T>();
}

}  // namespace corun::detail
