// All cases of a select: what concerns each or one of them, and the value that the chosen one gives.
#pragma once

#include <corun/detail/select_case.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace corun::detail {

template <class... Cases>
class case_set {
public:
    static constexpr std::size_t count = sizeof...(Cases);
    static constexpr bool has_default = (is_default<Cases> || ...);
    static constexpr bool has_shared = (Cases::is_shared || ...);
    // Those that nobody commits.
    static constexpr bool has_others = ((!Cases::is_committing && !is_default<Cases>) || ...);
    static constexpr bool has_users = (Cases::is_users || ...);
    static constexpr bool may_wait_for_fibers = (Cases::may_wait_for_fibers && ...);
    static_assert(count > 0 && count <= 64, "select takes 1 to 64 cases");
    static_assert((0 + ... + std::size_t{is_default<Cases>}) <= 1, "select takes one or_else at most");
    static_assert(!has_shared || !(hands_over_with_exceptions<Cases> || ...),
                  "select: beside an operation of a concurrent_ primitive, a channel's values need a move that does not throw");

    template <class... Given>
    explicit case_set(std::in_place_t, Given&&... given) : cases_{std::forward<Given>(given)...} {}

    // f(case, number) of each, in their order.
    template <class Function>
    [[gnu::always_inline]] void each(Function f) {
        each(f, std::index_sequence_for<Cases...>{});
    }
    // The same of those that only this scheduler serves, of those that more than one thread may, and of those that nobody commits.
    template <class Function>
    [[gnu::always_inline]] void each_plain(Function f) {
        each([&]<class Case>(Case& c, std::size_t i) __attribute__((always_inline)) {
            if constexpr (Case::is_committing && !Case::is_shared) f(c, i);
        });
    }
    template <class Function>
    [[gnu::always_inline]] void each_shared(Function f) {
        each([&]<class Case>(Case& c, std::size_t i) __attribute__((always_inline)) {
            if constexpr (Case::is_shared) f(c, i);
        });
    }
    template <class Function>
    [[gnu::always_inline]] void each_other(Function f) {
        each([&]<class Case>(Case& c, std::size_t i) __attribute__((always_inline)) {
            if constexpr (!Case::is_committing && !is_default<Case>) f(c, i);
        });
    }
    // F(case, number as a constant, args...) of one.
    template <class R, auto F, class... Args>
    R at(int number, Args... args) {
        using function = R (*)(std::tuple<Cases...>&, Args...);
        static constexpr auto functions = []<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<function, count>{[](std::tuple<Cases...>& all, Args... a) -> R {
                return F(std::get<I>(all), std::integral_constant<std::size_t, I>{}, a...);
            }...};
        }(std::index_sequence_for<Cases...>{});
        return functions[static_cast<std::size_t>(number)](cases_, args...);
    }
    [[nodiscard]] bool wait_for_fibers() const noexcept {
        return std::apply([](const auto&... c) { return (c.waits_for_fibers() && ...); }, cases_);
    }

private:
    template <class Function, std::size_t... I>
    [[gnu::always_inline]] void each(Function& f, std::index_sequence<I...>) {
        (f(std::get<I>(cases_), I), ...);
    }

    std::tuple<Cases...> cases_;
};

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
