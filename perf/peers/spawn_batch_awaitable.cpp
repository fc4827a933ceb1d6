// spawn_batch with C++20 coroutines.
#include "../support/spawn_batch.hpp"
#include "awaitable.hpp"
#include "join_all.hpp"
#include "reactor.hpp"

#include <boost/asio/post.hpp>

namespace {

perf::awaitable<void> child(perf::batches& all) {
    if (all.begun()) co_await perf::asio::post(perf::use_awaitable);
    all.ends();
}

perf::awaitable<void> spawn_all(perf::asio::io_context& io, perf::batches& all) {
    while (const std::size_t size = all.next()) {
        perf::children children{io, size};
        for (std::size_t i = 0; i != size; ++i) perf::asio::co_spawn(io, child(all), children.handler());
        if (!children.ended()) co_await children.join(perf::use_awaitable);
    }
}

void run(perf::batches& all) {
    perf::asio::io_context io{perf::one_thread};
    perf::open_reactor(io);
    perf::start(io, spawn_all(io, all));
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::spawn_batch_main(argc, argv, "awaitable", run); }
