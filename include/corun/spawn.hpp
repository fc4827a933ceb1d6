// Starting fibers.
#pragma once

#include <corun/detail/spawn_target.hpp>
#include <corun/fiber.hpp>
#include <corun/scheduler.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
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

// The fiber's function lives in its record until it has run, so that its captures end with the fiber, not with the handle.
template <class R, class Function>
struct fiber_body : fiber_result<R> {
    fiber_body(scheduler_core& core, std::source_location at, Function&& f) : fiber_result<R>{core, at}, function{std::move(f)} {}
    ~fiber_body() override { drop_function(); }

    void run() override {
        if constexpr (std::is_void_v<R>) {
            std::invoke(std::move(*function));
            this->result.emplace();
        } else {
            this->result.emplace(std::invoke(std::move(*function)));
        }
    }
    void drop_function() noexcept override { function.reset(); }

    std::optional<Function> function;
};

// The handler was destroyed without being called. A failure goes to the scheduler's handler of unhandled failures; any thread.
void drop_outcome(fiber_ref fiber) noexcept;

// What calls a fiber's completion handler once the fiber has ended.
template <class R, class Handler>
class delivery {
public:
    delivery(fiber_result<R>& fiber, Handler&& handler) : fiber_{&fiber}, handler_{std::move(handler)} {}
    delivery(delivery&&) = default;
    ~delivery() {
        if (fiber_) drop_outcome(std::move(fiber_));
    }

    void operator()() {
        boost::asio::get_associated_cancellation_slot(handler_).clear();
        if constexpr (std::is_void_v<R>) {
            std::exception_ptr failure = fiber_->failure;
            fiber_ = nullptr;
            std::move(handler_)(std::move(failure));
        } else {
            std::optional<R> value;
            std::exception_ptr failure = take(value);
            fiber_ = nullptr;  // whatever throws from here on is the handler's
            std::move(handler_)(std::move(failure), std::move(*value));
        }
    }

private:
    // A value whose move throws is a failure of its fiber, which may be of interest to others by now: it is not noted there.
    [[nodiscard]] std::exception_ptr take(auto& value) {
        try {
            if (fiber_->result) {
                value.emplace(std::move(*fiber_->result));
                return nullptr;
            }
        } catch (...) {
            value.emplace();
            return std::current_exception();
        }
        value.emplace();
        return fiber_->failure;
    }

    boost::intrusive_ptr<fiber_result<R>> fiber_;
    Handler handler_;
};

// A fiber whose outcome goes to a completion handler.
template <class R, class Function, class Handler>
struct fiber_body_with_handler final : fiber_body<R, Function> {
    using executor = boost::asio::associated_executor_t<Handler, scheduler::executor_type>;

    fiber_body_with_handler(scheduler_core& core, std::source_location at, Function&& f, Handler&& h,
                            const scheduler::executor_type& otherwise)
        : fiber_body<R, Function>{core, at, std::move(f)},
          work{boost::asio::get_associated_executor(h, otherwise)},
          handler{std::move(h)} {}

    bool deliver() override {
        boost::asio::post(work.get_executor(), delivery<R, Handler>{*this, std::move(*handler)});
        handler.reset();
        work.reset();
        return true;
    }

    boost::asio::executor_work_guard<executor> work;
    std::optional<Handler> handler;
};

// Takes over the options, and counts the reference of the scheduler. Throws stack_unavailable.
void prepare(fiber_record& fresh, const spawn_options& options);

// Has the slot's signal cancel the fiber: what it waits for is asked to stop as hard as the signal's type allows.
template <class Slot>
void cancel_by(Slot slot, const fiber_ref& fiber) {
    if (!slot.is_connected()) return;
    slot.assign([fiber](boost::asio::cancellation_type_t type) {
        using boost::asio::cancellation_type;
        if (type == cancellation_type::none) return;
        const bool is_terminal = (type & cancellation_type::terminal) != cancellation_type::none;
        const bool is_partial = (type & cancellation_type::partial) != cancellation_type::none;
        (void)request_cancel(*fiber, cancel_reason::requested,
                             is_terminal  ? stop_terminal
                             : is_partial ? stop_partial
                                          : stop_total);
    });
}

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

template <class R>
struct completion_signature {
    using type = void(std::exception_ptr, R);
};
template <>
struct completion_signature<void> {
    using type = void(std::exception_ptr);
};

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
