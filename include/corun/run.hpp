// A program of fibers without an Asio application around it.
#pragma once

#include <corun/scheduler.hpp>
#include <corun/spawn.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <source_location>
#include <utility>

namespace corun {

struct run_options {
    std::string_view name = "main";       ///< of the first fiber
    scheduler_options scheduler = {};
};

namespace detail {

// Throws switch_forbidden on a fiber.
void refuse_on_fiber(const char* what, std::source_location where);

// Runs the context until the fiber has ended.
void run_until_ended(boost::asio::io_context& context, fiber_record& main);

}  // namespace detail

/// Runs f as the first fiber of an io_context of its own, on the calling thread. When f has ended, fibers that still live are
/// cancelled (reason: shutdown) and run to their end.
/// @return what f returns; throws what f throws, or what an unhandled-failure handler throws. Throws switch_forbidden on a fiber,
/// stack_unavailable for a stack size that cannot be.
template <class Function>
    requires std::invocable<std::decay_t<Function>&&>
auto run(Function&& f, run_options options = {}, std::source_location at = std::source_location::current()) {
    detail::refuse_on_fiber("corun::run()", at);
    boost::asio::io_context context{1};
    scheduler& own = scheduler::of(context);
    own.stack_size(options.scheduler.stack_size, at);
    own.on_unhandled(std::move(options.scheduler.on_unhandled));
    own.seed(options.scheduler.seed);
    using R = detail::fiber_value<Function>;
    boost::intrusive_ptr<detail::fiber_result<R>> main{
        new detail::fiber_body<R, std::decay_t<Function>>{own.core(), at, std::decay_t<Function>(std::forward<Function>(f))},
        false};
    detail::launch(own.core(), *main, {.name = options.name});
    detail::run_until_ended(context, *main);
    return detail::take_result(*main);
}

}  // namespace corun
