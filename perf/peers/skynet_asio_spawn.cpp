// skynet with asio::spawn, which runs a child at once, until it first waits: the tree is walked in depth, on a few stacks.
#include "../support/skynet.hpp"
#include "asio_spawn.hpp"
#include "join_all.hpp"

#include <array>
#include <numeric>

namespace {

std::uint64_t subtree(perf::asio::io_context& io, std::uint64_t first, std::uint64_t leaves, perf::yield_context yield) {
    if (leaves == 1) return first;
    std::array<std::uint64_t, perf::skynet_children> sums{};
    const std::uint64_t each = leaves / sums.size();
    perf::children children{io, sums.size()};
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const auto child = [&io, &sums, first, each, i](perf::yield_context inner) {
            sums[i] = subtree(io, first + i * each, each, inner);
        };
        perf::spawn(io, perf::recycled_stacks(), child, children.handler());
    }
    if (!children.ended()) children.join(yield);
    return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

std::uint64_t sum(std::uint64_t leaves) {
    perf::asio::io_context io{perf::one_thread};
    std::uint64_t total = 0;
    perf::spawn(io, perf::recycled_stacks(), [&](perf::yield_context yield) { total = subtree(io, 0, leaves, yield); });
    io.run();
    return total;
}

}  // namespace

int main(int argc, char** argv) { return perf::skynet_main(argc, argv, "asio_spawn", sum); }
