// concurrent_task with Asio's C++20 coroutines.
#include "../support/concurrent_task.hpp"
#include "awaitable.hpp"

namespace {

namespace asio = boost::asio;

perf::awaitable<void> sleeper(asio::io_context& io, std::chrono::microseconds sleep, std::size_t& counted) {
    perf::steady_timer timer{io, sleep};
    co_await timer.async_wait(perf::use_awaitable);
    ++counted;
}

std::size_t run(const perf::concurrent_task& work) {
    asio::io_context io{perf::one_thread};
    std::size_t counted = 0;
    for (std::size_t i = 0; i < work.tasks; ++i) perf::start(io, sleeper(io, work.sleep_of(i), counted));
    io.run();
    return counted;
}

}  // namespace

int main(int argc, char** argv) { return perf::concurrent_task_main(argc, argv, "awaitable", run); }
