// timeout with asio::spawn: a timer per coroutine, kept from one timeout to the next, whose handler would cancel the work.
#include "../support/operations.hpp"
#include "asio_spawn.hpp"

#include <boost/asio/post.hpp>

#include <chrono>

namespace {

namespace asio = boost::asio;

void run(perf::operations& work) {
    asio::io_context io{perf::one_thread};
    std::size_t left = work.count;
    bool late = false;
    for (std::size_t i = 0; i < work.size; ++i)
        perf::spawn(io, perf::recycled_stacks(), [&](perf::yield_context yield) {
            perf::steady_timer timer{io};
            for (; left != 0; ++work.done) {
                --left;
                timer.expires_after(std::chrono::hours{1});
                timer.async_wait([&late](boost::system::error_code ec) { late = late || !ec; });
                asio::post(yield);
                timer.cancel();
            }
        });
    io.run();
    perf::check(!late, "a timeout of an hour has fired");
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "timeout", "asio_spawn", {.count = 1'000'000, .size = 100}, run);
}
