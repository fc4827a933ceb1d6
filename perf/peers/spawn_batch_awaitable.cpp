// spawn_batch with C++20 coroutines.
#include "../support/operations.hpp"
#include "awaitable.hpp"
#include "join_all.hpp"
#include "reactor.hpp"

#include <algorithm>

namespace {

perf::awaitable<void> child(perf::operations& work) {
    ++work.done;
    co_return;
}

perf::awaitable<void> batches(perf::asio::io_context& io, perf::operations& work) {
    for (std::size_t left = work.count, batch = 0; left != 0; left -= batch) {
        batch = std::min(left, work.size);
        perf::children children{io, batch};
        for (std::size_t i = 0; i < batch; ++i) perf::asio::co_spawn(io, child(work), children.handler());
        if (!children.ended()) co_await children.join(perf::use_awaitable);
    }
}

void run(perf::operations& work) {
    perf::asio::io_context io{perf::one_thread};
    perf::open_reactor(io);
    perf::start(io, batches(io, work));
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "spawn_batch", "awaitable", {.count = 1'000'000, .size = 1000}, run);
}
