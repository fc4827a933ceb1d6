// spawn_batch with asio::spawn. A child that does not wait runs at once and to its end, so that no two of them are alive: the least
// that this can cost.
#include "../support/operations.hpp"
#include "asio_spawn.hpp"
#include "join_all.hpp"
#include "reactor.hpp"

#include <algorithm>

namespace {

void batches(perf::asio::io_context& io, perf::operations& work, perf::yield_context yield) {
    for (std::size_t left = work.count, batch = 0; left != 0; left -= batch) {
        batch = std::min(left, work.size);
        perf::children children{io, batch};
        for (std::size_t i = 0; i < batch; ++i)
            perf::spawn(
                io, perf::recycled_stacks(), [&work](perf::yield_context) { ++work.done; }, children.handler());
        if (!children.ended()) children.join(yield);
    }
}

void run(perf::operations& work) {
    perf::asio::io_context io{perf::one_thread};
    perf::open_reactor(io);
    perf::spawn(io, perf::recycled_stacks(), [&](perf::yield_context yield) { batches(io, work, yield); });
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "spawn_batch", "asio_spawn", {.count = 1'000'000, .size = 1000}, run);
}
