// std::stop_token as a reason to cancel. The other way round: this_fiber::stop_token().
#pragma once

#include <corun/detail/block.hpp>
#include <corun/detail/remote_cancel.hpp>

#include <source_location>
#include <stop_token>
#include <utility>

namespace corun {

namespace detail {

template <class Inner>
class [[nodiscard]] stop_token_block {
public:
    stop_token_block(std::stop_token token, Inner inner) : token_{std::move(token)}, inner_{std::forward<Inner>(inner)} {}

    typename perhaps<body_result<Inner>>::type run(std::source_location where) {
        scope inside{enter_yield(where), scope_kind::stop_token, where};
        const remote_scope target{inside};
        const std::stop_callback on_stop{token_, [link = target.link()] { link->cancel(cancel_reason::stop_requested); }};
        return run_in(inside, std::forward<Inner>(inner_), where);
    }

private:
    std::stop_token token_;
    Inner inner_;
};

}  // namespace detail

/// A block, to be yielded on: runs `inner` in the calling fiber until the token is asked to stop, by any thread. From then on every
/// yield inside throws `cancelled` (reason: stop_requested) until control leaves the block, which is no error.
/// @param inner  an operation, another block, or a function without parameters
/// @return, from the yield: an optional with the value of inner, or, if that is void, whether it ended by itself
template <detail::body Inner>
[[nodiscard]] auto with_stop_token(std::stop_token token, Inner&& inner) {
    return detail::stop_token_block<Inner>{std::move(token), std::forward<Inner>(inner)};
}

}  // namespace corun
