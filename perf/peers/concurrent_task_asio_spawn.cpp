// concurrent_task with Asio's own stackful coroutines.
#include "../support/concurrent_task.hpp"
#include "asio.hpp"
#include "asio_spawn.hpp"

namespace {

namespace asio = boost::asio;

std::size_t run(const perf::concurrent_task& work) {
    asio::io_context io{perf::one_thread};
    std::size_t counted = 0;
    for (std::size_t i = 0; i < work.tasks; ++i)
        perf::spawn(io, perf::many_stacks(), [&, i](perf::yield_context yield) {
            perf::steady_timer timer{io, work.sleep_of(i)};
            timer.async_wait(yield);
            ++counted;
        });
    io.run();
    return counted;
}

}  // namespace

int main(int argc, char** argv) { return perf::concurrent_task_main(argc, argv, "asio_spawn", run); }
