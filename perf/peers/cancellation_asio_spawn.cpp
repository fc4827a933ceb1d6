// cancellation with asio::spawn: a cancellation signal per coroutine, bound to its end, reaches the timer that it waits for.
#include "../support/operations.hpp"
#include "asio_spawn.hpp"
#include "join_all.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <algorithm>
#include <chrono>
#include <deque>

namespace {

namespace asio = boost::asio;

void sleeper(asio::io_context& io, perf::operations& work, perf::yield_context yield) {
    perf::steady_timer timer{io, std::chrono::hours{1}};
    boost::system::error_code cancelled;
    timer.async_wait(yield[cancelled]);
    if (cancelled == asio::error::operation_aborted) ++work.done;
}

void batch(asio::io_context& io, std::size_t size, perf::operations& work, perf::yield_context yield) {
    std::deque<asio::cancellation_signal> signals(size);
    perf::children children{io, size};
    for (auto& signal : signals)
        perf::spawn(
            io, perf::recycled_stacks(), [&](perf::yield_context inner) { sleeper(io, work, inner); },
            asio::bind_cancellation_slot(signal.slot(), children.handler()));
    // Each has run to where it waits while it was started.
    for (auto& signal : signals) signal.emit(asio::cancellation_type::terminal);
    if (!children.ended()) children.join(yield);
}

void run(perf::operations& work) {
    asio::io_context io{perf::one_thread};
    perf::spawn(io, perf::recycled_stacks(), [&](perf::yield_context yield) {
        for (std::size_t left = work.count; left != 0; left -= std::min(left, work.size))
            batch(io, std::min(left, work.size), work, yield);
    });
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "cancellation", "asio_spawn", {.count = 100'000, .size = 1000}, run);
}
