// A fiber's outcome on its way to a completion handler, and the handler's wish to cancel the fiber.
#pragma once

#include <corun/detail/fiber_body.hpp>
#include <corun/scheduler.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corun::detail {

template <class R>
struct completion_signature {
    using type = void(std::exception_ptr, R);
};
template <>
struct completion_signature<void> {
    using type = void(std::exception_ptr);
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

}  // namespace corun::detail
