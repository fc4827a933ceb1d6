// skynet with asio::spawn, which runs a child at once, until it first waits: a tree whose leaves do not wait is walked in depth, on
// a few stacks. Of one whose leaves do, all fibers are alive at once.
#include "../support/skynet.hpp"
#include "asio_spawn.hpp"
#include "join_all.hpp"
#include "reactor.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <numeric>

namespace {

template <class Stacks>
struct tree {
    perf::asio::io_context& io;
    Stacks stacks;
    bool waits;

    std::uint64_t subtree(std::uint64_t first, std::uint64_t leaves, perf::yield_context yield) {
        if (leaves == 1) {
            if (waits) perf::asio::post(yield);
            return first;
        }
        std::array<std::uint64_t, perf::skynet_children> sums{};
        const std::uint64_t each = leaves / sums.size();
        perf::children children{io, sums.size()};
        for (std::size_t i = 0; i < sums.size(); ++i) {
            const auto child = [this, &sums, first, each, i](perf::yield_context inner) {
                sums[i] = subtree(first + i * each, each, inner);
            };
            perf::spawn(io, stacks, child, children.handler());
        }
        if (!children.ended()) children.join(yield);
        return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
    }
};

template <class Stacks>
std::uint64_t sum(std::uint64_t leaves, bool waits, Stacks stacks) {
    perf::asio::io_context io{perf::one_thread};
    perf::open_reactor(io);
    tree<Stacks> all{io, stacks, waits};
    std::uint64_t total = 0;
    perf::spawn(io, stacks, [&](perf::yield_context yield) { total = all.subtree(0, leaves, yield); });
    io.run();
    return total;
}

}  // namespace

int main(int argc, char** argv) {
    return perf::skynet_main(argc, argv, "asio_spawn", [](std::uint64_t leaves, bool waits) {
        return waits ? sum(leaves, waits, perf::many_stacks()) : sum(leaves, waits, perf::recycled_stacks());
    });
}
