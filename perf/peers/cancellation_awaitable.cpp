// cancellation with C++20 coroutines: a cancellation signal per coroutine, bound to its end, reaches the timer that it waits for.
#include "../support/operations.hpp"
#include "awaitable.hpp"
#include "join_all.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <chrono>
#include <deque>

namespace {

namespace asio = boost::asio;

perf::awaitable<void> sleeper(asio::io_context& io, perf::operations& work, std::size_t& asleep) {
    perf::steady_timer timer{io, std::chrono::hours{1}};
    boost::system::error_code cancelled;
    ++asleep;
    co_await timer.async_wait(asio::redirect_error(perf::use_awaitable, cancelled));
    if (cancelled == asio::error::operation_aborted) ++work.done;
}

perf::awaitable<void> batch(asio::io_context& io, std::size_t size, perf::operations& work) {
    std::deque<asio::cancellation_signal> signals(size);
    std::size_t asleep = 0;
    perf::children children{io, size};
    for (auto& signal : signals)
        asio::co_spawn(io, sleeper(io, work, asleep), asio::bind_cancellation_slot(signal.slot(), children.handler()));
    co_await asio::post(perf::use_awaitable);  // all of them sleep
    perf::check(asleep == size, "cancelled before all slept");
    for (auto& signal : signals) signal.emit(asio::cancellation_type::terminal);
    if (!children.ended()) co_await children.join(perf::use_awaitable);
}

perf::awaitable<void> batches(asio::io_context& io, perf::operations& work) {
    for (std::size_t left = work.count; left != 0; left -= std::min(left, work.size))
        co_await batch(io, std::min(left, work.size), work);
}

void run(perf::operations& work) {
    asio::io_context io{perf::one_thread};
    perf::start(io, batches(io, work));
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "cancellation", "awaitable", {.count = 100'000, .size = 1000}, run);
}
