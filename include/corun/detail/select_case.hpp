// What is between the parentheses of a select: operations, cases with a function, the default case.
#pragma once

#include <corun/detail/wait_list.hpp>
#include <corun/yield.hpp>

#include <functional>
#include <type_traits>
#include <utility>
#include <variant>

namespace corun::detail {

struct no_function {};

// @tparam Op  an operation, or a reference to one of the caller's
template <class Op, class Function = no_function>
struct select_case {
    Op op;
    Function function;
};
template <class Function>
struct default_case {
    Function function;
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
    static_assert(asio_operation<op> || operation<op>, "select: not an operation");
    static_assert(!operation<op> || selectable<op>,
                  "select: this operation takes effect before it ends (a barrier's arrival, a condition's wait, a once's call, a "
                  "select inside of select), so that it cannot lose");
}

template <class T>
auto as_case(T&& t) {
    using plain = std::remove_cvref_t<T>;
    if constexpr (is_case<plain> || is_default<plain>) {
        return plain{std::forward<T>(t)};
    } else {
        check_selectable<T>();
        return select_case<std::conditional_t<std::is_lvalue_reference_v<T>, T, plain>>{std::forward<T>(t), {}};
    }
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
        (has_function<First> && ... && has_function<Rest>)&&(std::is_same_v<case_value<First>, case_value<Rest>> && ...);
    using type =
        std::conditional_t<is_plain, case_value<First>, std::variant<storable<case_value<First>>, storable<case_value<Rest>>...>>;
};

}  // namespace corun::detail
