// spawn_batch with asio::spawn. A child runs at once: one that does not wait to its end, so that no two of them are alive, and
// spawning is a call on another stack.
#include "../support/spawn_batch.hpp"
#include "asio_spawn.hpp"
#include "join_all.hpp"
#include "reactor.hpp"

#include <boost/asio/post.hpp>

namespace {

void spawn_all(perf::asio::io_context& io, perf::batches& all, perf::yield_context yield) {
    while (const std::size_t size = all.next()) {
        perf::children children{io, size};
        const auto child = [&all](perf::yield_context own) {
            if (all.begun()) perf::asio::post(own);
            all.ends();
        };
        for (std::size_t i = 0; i != size; ++i) perf::spawn(io, perf::recycled_stacks(), child, children.handler());
        if (!children.ended()) children.join(yield);
    }
}

void run(perf::batches& all) {
    perf::asio::io_context io{perf::one_thread};
    perf::open_reactor(io);
    perf::spawn(io, perf::recycled_stacks(), [&](perf::yield_context yield) { spawn_all(io, all, yield); });
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::spawn_batch_main(argc, argv, "asio_spawn", run); }
