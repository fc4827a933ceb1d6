// Waiting for several things, of which one takes effect.
#pragma once

#include <corun/detail/select_operation.hpp>

#include <type_traits>
#include <utility>

namespace corun {

namespace detail {

// Inlined, so that the operations are made in their places.
template <tie Tie, class... Given>
[[gnu::always_inline, gnu::flatten]] inline auto make_select(Given&&... given) {
    (check_argument<Given>(), ...);
    return select_operation<Tie, typename case_for<Given>::type...>{std::in_place, std::forward<Given>(given)...};
}

}  // namespace detail

/// A case of `select` whose value goes to its own function, which runs on the fiber, after the other cases were withdrawn, and may
/// yield.
template <class Op, class Function>
[[nodiscard]] auto on(Op&& op, Function&& function) {
    detail::check_selectable<Op>();
    using held = std::conditional_t<std::is_lvalue_reference_v<Op>, Op, std::remove_cvref_t<Op>>;
    return detail::select_case<held, std::decay_t<Function>>{std::forward<Op>(op),
                                                             std::decay_t<Function>(std::forward<Function>(function))};
}

/// The case that is taken when no other one is ready: the select never waits then.
[[nodiscard]] inline detail::default_case<detail::no_function> or_else() noexcept {
    return detail::default_case<detail::no_function>{{}};
}
template <class Function>
[[nodiscard]] auto or_else(Function&& function) {
    return detail::default_case<std::decay_t<Function>>{std::decay_t<Function>(std::forward<Function>(function))};
}

/// An operation: waits until one of the operations can take effect, and only that one does. If several are ready, one of them at
/// random (from the scheduler's seed), each with the same probability.
///
/// Its value: where every case has its own function (`on`, `or_else`) and all return the same type, what the function returned;
/// otherwise a std::variant whose index is the case's, std::monostate for nothing. It throws what the case throws.
///
/// Operations are copied in by move, or referred to if they are lvalues. Receives, sends, sleeps, events, locks, permits, joins,
/// readable and writable, `waker`-style operations of the user's; one that loses and cannot be withdrawn (its cancel() is false) is
/// waited for, and its value is dropped. Raw Asio operations are refused: see `race`.
template <class... Cases>
[[nodiscard, gnu::always_inline, gnu::flatten]] inline auto select(Cases&&... cases) {
    return detail::make_select<detail::tie::random>(std::forward<Cases>(cases)...);
}

/// The same, but of several that are ready the first in the order of the arguments.
template <class... Cases>
[[nodiscard, gnu::always_inline, gnu::flatten]] inline auto select_ordered(Cases&&... cases) {
    return detail::make_select<detail::tie::first>(std::forward<Cases>(cases)...);
}

}  // namespace corun
