// Protecting a body from cancellation, for a while.
#pragma once

#include <corun/detail/block.hpp>
#include <corun/sleep.hpp>

#include <chrono>
#include <source_location>
#include <utility>

namespace corun {

namespace detail {

// What yield does first, without throwing for a cancellation: a shield may be entered by a fiber that is cancelled.
fiber_record& enter_shielded(std::source_location where);

template <class Inner>
class [[nodiscard]] shield_block {
public:
    shield_block(clock::duration grace, Inner inner) : grace_{grace}, inner_{std::forward<Inner>(inner)} {}

    body_result<Inner> run(std::source_location where) {
        scope inside{enter_shielded(where), scope_kind::shield, where};
        inside.shield_for(grace_);
        return run_body(inside.fiber(), std::forward<Inner>(inner_), where);
    }

private:
    clock::duration grace_;
    Inner inner_;
};

}  // namespace detail

/// A block, to be yielded on: while it runs, a cancellation from outside waits. It shows after the block, or inside when `grace`
/// has passed since it arrived; one that was there before counts from the block's begin. Deadlines and groups inside work as ever.
/// For clean-up that takes its time: `catch (...) { corun::yield(corun::with_shield(2s, [&] { goodbye(peer); })); throw; }`.
/// @param grace  how long a cancellation may be held up, at most; of any duration type
/// @param inner  an operation, another block, or a function without parameters
/// @return, from the yield, what inner returns. Throws what inner throws; not `cancelled` for a cancellation that it shields from.
template <class Rep, class Period, detail::body Inner>
[[nodiscard]] auto with_shield(std::chrono::duration<Rep, Period> grace, Inner&& inner) {
    return detail::shield_block<Inner>{detail::saturated(grace), std::forward<Inner>(inner)};
}

}  // namespace corun
