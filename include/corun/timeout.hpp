// Deadlines around an operation or a body.
#pragma once

#include <corun/detail/block.hpp>
#include <corun/error.hpp>
#include <corun/sleep.hpp>

#include <chrono>
#include <source_location>
#include <utility>

namespace corun {

namespace detail {

// When the time is up: a point, or a span that begins with the block.
struct time_limit {
    clock::duration span = clock::duration::max();
    clock::time_point point = clock::time_point::max();

    [[nodiscard]] clock::time_point deadline() const noexcept { return span == clock::duration::max() ? point : after(span); }
};

[[noreturn]] void throw_timed_out(const scope& expired, std::source_location where);

template <class Inner>
class [[nodiscard]] timeout_block {
public:
    timeout_block(time_limit limit, Inner inner) : limit_{limit}, inner_{std::forward<Inner>(inner)} {}

    body_result<Inner> run(std::source_location where) {
        scope inside{enter_yield(where), scope_kind::timeout, where};
        inside.expire_at(limit_.deadline());
        try {
            return run_body(inside.fiber(), std::forward<Inner>(inner_), where);
        } catch (const cancelled& c) {
            if (!inside.threw(c)) throw;
        }
        throw_timed_out(inside, where);
    }

private:
    time_limit limit_;
    Inner inner_;
};

template <class Inner>
class [[nodiscard]] move_on_block {
public:
    move_on_block(time_limit limit, Inner inner) : limit_{limit}, inner_{std::forward<Inner>(inner)} {}

    typename perhaps<body_result<Inner>>::type run(std::source_location where) {
        scope inside{enter_yield(where), scope_kind::move_on, where};
        inside.expire_at(limit_.deadline());
        return run_in(inside, std::forward<Inner>(inner_), where);
    }

private:
    time_limit limit_;
    Inner inner_;
};

}  // namespace detail

/// A block, to be yielded on: runs `inner` in the calling fiber and throws timed_out if the time is up before it has ended.
///
/// When the time is up, every yield inside throws `cancelled` (reason: deadline) until control leaves the block; what is waited for
/// is withdrawn, or asked to stop and awaited. A value that `inner` has when the time is up is returned: completion wins. Blocks
/// nest, and the earliest deadline counts; only the block whose time is up throws. With a span of zero the first wait is the last.
/// What else an operation has to tell when it is stopped, as the bytes that `read` has moved, is told to a yield on it inside:
/// `with_timeout(1s, [&] { count = corun::yield(corun::read(socket, buffer), ec); })`.
/// @param span   counted from the yield; of any duration type
/// @param inner  an operation (corun's, Asio's, an awaitable), another block, or a function without parameters. An lvalue is used
///               where it is; it must outlive the yield.
/// @return, from the yield, what inner returns. Throws timed_out, what inner throws, and what yield throws.
template <class Rep, class Period, detail::body Inner>
[[nodiscard]] auto with_timeout(std::chrono::duration<Rep, Period> span, Inner&& inner) {
    return detail::timeout_block<Inner>{{.span = detail::saturated(span)}, std::forward<Inner>(inner)};
}

/// The same with a time of the steady clock; time_point::max() is never.
template <detail::body Inner>
[[nodiscard]] auto with_deadline(clock::time_point deadline, Inner&& inner) {
    return detail::timeout_block<Inner>{{.point = deadline}, std::forward<Inner>(inner)};
}

/// The same as with_timeout, but being late is no error.
/// @return, from the yield: an optional with the value of inner, or, if that is void, whether it ended before the time was up
template <class Rep, class Period, detail::body Inner>
[[nodiscard]] auto move_on_after(std::chrono::duration<Rep, Period> span, Inner&& inner) {
    return detail::move_on_block<Inner>{{.span = detail::saturated(span)}, std::forward<Inner>(inner)};
}

/// The same with a time of the steady clock.
template <detail::body Inner>
[[nodiscard]] auto move_on_at(clock::time_point deadline, Inner&& inner) {
    return detail::move_on_block<Inner>{{.point = deadline}, std::forward<Inner>(inner)};
}

}  // namespace corun
