// What the operations that run a body have in common: with_timeout, with_group and their like.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/detail/scope.hpp>
#include <corun/operation.hpp>
#include <corun/yield.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corun::detail {

// What can be waited for inside of a block: an operation of any kind, another block, or else a function to be called.
template <class T>
concept yieldable = requires(T&& t, std::source_location where) { corun::yield(std::forward<T>(t), where); };

template <class Inner>
concept body = yieldable<Inner> || std::invocable<Inner>;

// On the fiber, inside of the block. An operation of ours that is ready has its value also where the scope is cancelled already.
template <body Inner>
decltype(auto) run_body(fiber_record& self, Inner&& inner, std::source_location where) {
    if constexpr (operation<std::remove_reference_t<Inner>>) {
        await(self, inner);
        return inner.get();
    } else if constexpr (yieldable<Inner>) {
        return corun::yield(std::forward<Inner>(inner), where);
    } else {
        return std::invoke(std::forward<Inner>(inner));
    }
}

template <class Inner>
using body_result = decltype(run_body(std::declval<fiber_record&>(), std::declval<Inner>(), std::source_location{}));

// The value of a block that may end without one: optional, or whether it ended by itself. References become values.
template <class R>
struct perhaps {
    using type = std::optional<std::remove_cvref_t<R>>;
};
template <>
struct perhaps<void> {
    using type = bool;
};

// Runs the body inside the scope; empty or false if the scope's own cancellation ended it.
template <class Inner>
typename perhaps<body_result<Inner>>::type run_in(scope& inside, Inner&& inner, std::source_location where) {
    try {
        if constexpr (std::is_void_v<body_result<Inner>>) {
            run_body(inside.fiber(), std::forward<Inner>(inner), where);
            return true;
        } else {
            return run_body(inside.fiber(), std::forward<Inner>(inner), where);
        }
    } catch (const cancelled& c) {
        if (!inside.threw(c)) throw;
    }
    return {};
}

}  // namespace corun::detail
