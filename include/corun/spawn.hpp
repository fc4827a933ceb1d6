// Starting fibers.
#pragma once

#include <corun/detail/delivery.hpp>
#include <corun/detail/fiber_body.hpp>
#include <corun/detail/spawn_target.hpp>
#include <corun/fiber.hpp>
#include <corun/scheduler.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/detached.hpp>

#include <concepts>
#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corun {

struct spawn_options {
    std::string_view name = {};   ///< shown in messages; copied
    std::size_t stack_size = inherit_stack_size;  ///< bytes, guard page included
    std::source_location at = std::source_location::current();  ///< shown in messages: where these options are written

    static constexpr std::size_t inherit_stack_size = static_cast<std::size_t>(-1);  ///< the scheduler's default
};

namespace detail {

// Takes over the options, and counts the reference of the scheduler. Throws stack_unavailable.
void prepare(fiber_record& fresh, const spawn_options& options);

// Gives a new fiber to its scheduler. Throws stack_unavailable for an impossible stack size; nothing is spawned then.
void launch(scheduler_core& scheduler, fiber_record& fresh, const spawn_options& options);

// The scheduler of the running fiber. Throws not_in_fiber.
[[nodiscard]] scheduler_core& running_scheduler(std::source_location where);

template <class Function>
using fiber_value = std::invoke_result_t<std::decay_t<Function>>;

template <class Function>
fiber<fiber_value<Function>> spawn_on(scheduler_core& scheduler, const spawn_options& options, Function&& f,
                                      std::source_location at) {
    using R = fiber_value<Function>;
    using body = fiber_body<R, std::decay_t<Function>>;
    boost::intrusive_ptr<fiber_result<R>> fresh{new body{scheduler, at, std::decay_t<Function>(std::forward<Function>(f))}, false};
    launch(scheduler, *fresh, options);
    return fiber<R>{std::move(fresh)};
}

// Starts the fiber once the handler is there. Its executor is what adapters like cancel_after run on.
template <class R>
struct spawn_initiation {
    using executor_type = scheduler::executor_type;
    [[nodiscard]] executor_type get_executor() const noexcept { return executor_type::of_fiber(*home); }  // while this lives

    template <class Handler, class Function>
    void operator()(Handler handler, Function function) const {
        using body = fiber_body_with_handler<R, Function, Handler>;
        spawn_options own = options;
        own.name = name;  // a lazy token starts later: the caller's string may be gone
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        const scheduler_claim claim = claim_again(*home);
        scheduler_core& scheduler = claim.core();
        fiber_ref fresh{new body{scheduler, at, std::move(function), std::move(handler), executor_type::of_fiber(scheduler)},
                        false};
        cancel_by(slot, fresh);  // before anybody runs it: it clears the slot when it has ended
        try {
            launch(scheduler, *fresh, own);
        } catch (...) {
            slot.clear();
            throw;
        }
        detach(*fresh);
    }

    boost::intrusive_ptr<scheduler_core> home;
    std::source_location at;
    spawn_options options;
    std::string name;
};

template <class Function, class Token>
auto spawn_with_token(scheduler_core& scheduler, const spawn_options& options, Function&& f, Token&& token,
                      std::source_location at) {
    using R = fiber_value<Function>;
    if constexpr (std::is_same_v<std::decay_t<Token>, boost::asio::detached_t>) {
        spawn_on(scheduler, options, std::forward<Function>(f), at);  // a failure goes to the unhandled handler
    } else {
        spawn_initiation<R> start{&scheduler, at, options, std::string{options.name}};
        return boost::asio::async_initiate<Token, typename completion_signature<R>::type>(
            std::move(start), token, std::decay_t<Function>(std::forward<Function>(f)));
    }
}

}  // namespace detail

/// Starts a fiber on the scheduler of the calling fiber. Never switches: the new fiber runs when this one next yields.
/// @return the handle; dropping it detaches
/// Throws not_in_fiber off fibers, stack_unavailable for a stack size that cannot be, std::bad_alloc.
template <class Function>
    requires std::invocable<std::decay_t<Function>&&>
auto spawn(Function&& f, std::source_location at = std::source_location::current()) {
    return detail::spawn_on(detail::running_scheduler(at), {}, std::forward<Function>(f), at);
}
template <class Function>
    requires std::invocable<std::decay_t<Function>&&>
auto spawn(spawn_options options, Function&& f) {
    return detail::spawn_on(detail::running_scheduler(options.at), options, std::forward<Function>(f), options.at);
}

/// Starts a fiber from anywhere, any thread.
/// @param target  a scheduler, an execution context (its own scheduler is used), or an executor: the fibers of one executor,
///                say a strand, share a scheduler that runs on it
template <detail::spawn_target Target, class Function>
    requires std::invocable<std::decay_t<Function>&&>
auto spawn(Target&& target, Function&& f, std::source_location at = std::source_location::current()) {
    return detail::spawn_on(detail::scheduler_for(target).core(), {}, std::forward<Function>(f), at);
}
template <detail::spawn_target Target, class Function>
    requires std::invocable<std::decay_t<Function>&&>
auto spawn(Target&& target, spawn_options options, Function&& f) {
    return detail::spawn_on(detail::scheduler_for(target).core(), options, std::forward<Function>(f), options.at);
}

/// Starts a fiber whose outcome goes to a completion token: signature void(std::exception_ptr) or void(std::exception_ptr, R). R
/// must be default-constructible, for the case of a failure; where its move to the handler throws, that is the failure. With
/// asio::detached a failure goes to the unhandled-failure handler.
template <detail::spawn_target Target, class Function, class Token>
    requires(std::invocable<std::decay_t<Function> &&> && !std::same_as<std::decay_t<Token>, std::source_location>)
auto spawn(Target&& target, Function&& f, Token&& token, std::source_location at = std::source_location::current()) {
    return detail::spawn_with_token(detail::scheduler_for(target).core(), {}, std::forward<Function>(f), std::forward<Token>(token),
                                    at);
}
template <detail::spawn_target Target, class Function, class Token>
    requires(std::invocable<std::decay_t<Function> &&> && !std::same_as<std::decay_t<Token>, std::source_location>)
auto spawn(Target&& target, spawn_options options, Function&& f, Token&& token) {
    return detail::spawn_with_token(detail::scheduler_for(target).core(), options, std::forward<Function>(f),
                                    std::forward<Token>(token), options.at);
}

}  // namespace corun
