// Boost.Fiber and Asio on one thread: the fibers' scheduler runs the io_context whenever no fiber is ready, in the
// place where it would otherwise sleep; and a completion token that suspends the calling fiber.
//
// Fibers that are always ready would keep the io_context from running. None here is.
#pragma once

#include "asio.hpp"
#include "boost_fiber.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <boost/fiber/scheduler.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <memory>
#include <tuple>
#include <utility>

namespace perf {

class asio_scheduling final : public fibers::algo::algorithm {
public:
    explicit asio_scheduling(std::shared_ptr<asio::io_context> io) : io_{std::move(io)} {}

    void awakened(fibers::context* fiber) noexcept override { fiber->ready_link(ready_); }

    fibers::context* pick_next() noexcept override {
        if (ready_.empty()) return nullptr;
        fibers::context* next = &ready_.front();
        ready_.pop_front();
        return next;
    }

    bool has_ready_fibers() const noexcept override { return !ready_.empty(); }

    /// Called on the scheduler's own stack when nothing is ready. Handlers run here and wake fibers; once one has, the
    /// others that are due run too, so that a batch of events costs one round through the scheduler.
    void suspend_until(const std::chrono::steady_clock::time_point& due) noexcept override {
        if (due == (std::chrono::steady_clock::time_point::max)())
            io_->run_one();
        else
            io_->run_one_until(due);
        io_->poll();
    }

    /// Another thread has work for this one: any handler makes suspend_until return.
    void notify() noexcept override {
        asio::post(*io_, [] {});
    }

private:
    // The scheduler lives until its thread ends, longer than anything on the thread's stack, so it shares the context.
    std::shared_ptr<asio::io_context> io_;
    asio::executor_work_guard<io_executor> work_ = asio::make_work_guard(*io_);
    fibers::scheduler::ready_queue_type ready_;
};

/// Gives the calling thread's fibers an io_context; to be called before the first of them starts.
inline std::shared_ptr<asio::io_context> fibers_on_asio() {
    auto io = std::make_shared<asio::io_context>(one_thread);
    fibers::use_scheduling_algorithm<asio_scheduling>(io);
    return io;
}

/// Suspends the fiber; throws system_error, or reports to `*ec`.
struct fiber_yield_t {
    boost::system::error_code* ec = nullptr;
    fiber_yield_t operator[](boost::system::error_code& to) const { return {&to}; }
};
inline constexpr fiber_yield_t fiber_yield{};

namespace detail {

template <class... Values>
struct fiber_wait {
    fibers::context* fiber = fibers::context::active();
    boost::system::error_code ec{};
    std::tuple<Values...> values{};
};

// Runs in suspend_until, on the fiber's own thread: nothing to lock, and the fiber is suspended already.
template <class... Values>
struct fiber_handler {
    fiber_wait<Values...>* wait;
    void operator()(boost::system::error_code ec, Values... values) {
        wait->ec = ec;
        wait->values = std::tuple<Values...>{std::move(values)...};
        fibers::context::active()->schedule(wait->fiber);
    }
};

}  // namespace detail
}  // namespace perf

template <class... Values>
class boost::asio::async_result<perf::fiber_yield_t, void(boost::system::error_code, Values...)> {
public:
    template <class Initiation, class... Arguments>
    static auto initiate(Initiation&& start, perf::fiber_yield_t token, Arguments&&... arguments) {
        perf::detail::fiber_wait<Values...> wait;
        std::forward<Initiation>(start)(perf::detail::fiber_handler<Values...>{&wait}, std::forward<Arguments>(arguments)...);
        wait.fiber->suspend();
        if (token.ec != nullptr)
            *token.ec = wait.ec;
        else if (wait.ec)
            throw boost::system::system_error{wait.ec};
        if constexpr (sizeof...(Values) == 1) return std::get<0>(std::move(wait.values));
    }
};
