// What is between the parentheses of a select: operations, cases with a function, the default case.
#pragma once

#include <corun/detail/wait_list.hpp>
#include <corun/yield.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

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

    explicit select_case(Op&& o, Function f = {}) : op{std::forward<Op>(o)}, function{std::move(f)} {}
    select_case(select_case&& other) : op{std::forward<Op>(other.op)}, function{std::move(other.function)} {}  // before it starts

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
    // Of one that has not begun, because another one has failed to.
    void stay_out() noexcept {
        if constexpr (!is_shared) op.stay_out_of_select();
    }
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
};
template <class Function>
struct default_case {
    static constexpr bool is_shared = false;
    static constexpr bool is_committing = false;
    static constexpr bool may_wait_for_fibers = false;  // nobody waits beside one

    explicit default_case(Function f) : function{std::move(f)} {}

    [[no_unique_address]] Function function;

    [[nodiscard]] bool is_available(scheduler_core*) const noexcept { return false; }
    [[nodiscard]] bool may_be_available(scheduler_core*) const noexcept { return false; }
    [[nodiscard]] bool commit(scheduler_core*) const noexcept { return true; }
};

// What f returns of the case of that number, and of the number as a constant.
template <class R, class Function, class... Cases>
R at(std::tuple<Cases...>& cases, std::size_t number, Function f) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> R {
        using function = R (*)(std::tuple<Cases...>&, Function&);
        static constexpr function functions[] = {[](std::tuple<Cases...>& all, Function& g) -> R {
            return g(std::get<I>(all), std::integral_constant<std::size_t, I>{});
        }...};
        return functions[number](cases, f);
    }(std::index_sequence_for<Cases...>{});
}

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
    static_assert(asio_operation<op> || operation<op>, "select: not an operation");
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

// --- what a case's function makes of the operation's value; without a function the value itself ---

template <class R>
using storable = std::conditional_t<std::is_void_v<R>, std::monostate, std::decay_t<R>>;

template <class Op, class Function>
decltype(auto) value_of(select_case<Op, Function>& c) {
    if constexpr (std::is_same_v<Function, no_function>) {
        return c.op.get();
    } else if constexpr (std::is_void_v<result_of<Op>>) {
        c.op.get();
        return std::invoke(std::move(c.function));
    } else {
        return std::invoke(std::move(c.function), c.op.get());
    }
}
template <class Function>
decltype(auto) value_of([[maybe_unused]] default_case<Function>& c) {
    if constexpr (!std::is_same_v<Function, no_function>) return std::invoke(std::move(c.function));
}

template <class T>
inline constexpr bool has_function = true;
template <class Op>
inline constexpr bool has_function<select_case<Op, no_function>> = false;
template <>
inline constexpr bool has_function<default_case<no_function>> = false;

template <class Case>
using case_value = decltype(value_of(std::declval<Case&>()));

// Where each case has its own function and all of them return the same, that is the result; else a variant says which case it was.
template <class First, class... Rest>
struct select_result {
    static constexpr bool is_plain =
        (has_function<First> && ... && has_function<Rest>) && (std::is_same_v<case_value<First>, case_value<Rest>> && ...);
    using type =
        std::conditional_t<is_plain, case_value<First>, std::variant<storable<case_value<First>>, storable<case_value<Rest>>...>>;

    template <class Case, std::size_t I>
    static type read(Case& c, std::integral_constant<std::size_t, I>) {
        if constexpr (is_plain) {
            return value_of(c);
        } else if constexpr (std::is_void_v<case_value<Case>>) {
            value_of(c);
            return type{std::in_place_index<I>};
        } else {
            return type{std::in_place_index<I>, value_of(c)};
        }
    }
};

}  // namespace corun::detail
