// timeout with C++20 coroutines: a timer per coroutine, kept from one timeout to the next, whose handler would cancel the work.
// (The operator || would start two coroutines for each timeout.)
#include "../support/operations.hpp"
#include "awaitable.hpp"

#include <boost/asio/post.hpp>

#include <chrono>

namespace {

namespace asio = boost::asio;

struct shared {
    perf::operations& work;
    std::size_t left = work.count;
    bool late = false;
};

perf::awaitable<void> timeouts(asio::io_context& io, shared& all) {
    perf::steady_timer timer{io};
    for (; all.left != 0; ++all.work.done) {
        --all.left;
        timer.expires_after(std::chrono::hours{1});
        timer.async_wait([&all](boost::system::error_code ec) { all.late = all.late || !ec; });
        co_await asio::post(perf::use_awaitable);
        timer.cancel();
    }
}

void run(perf::operations& work) {
    asio::io_context io{perf::one_thread};
    shared all{work};
    for (std::size_t i = 0; i < work.size; ++i) perf::start(io, timeouts(io, all));
    io.run();
    perf::check(!all.late, "a timeout of an hour has fired");
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "timeout", "awaitable", {.count = 1'000'000, .size = 100}, run);
}
