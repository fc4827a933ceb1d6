// skynet with Boost.Fiber. Children run at once, before spawning returns, which saves a switch; but parents then queue behind all
// others, so that they hold many stacks.
#include "../support/skynet.hpp"
#include "boost_fiber.hpp"

#include <array>
#include <numeric>

namespace {

std::uint64_t subtree(std::uint64_t first, std::uint64_t leaves, bool waits) {
    if (leaves == 1) {
        if (waits) boost::this_fiber::yield();
        return first;
    }
    std::array<std::uint64_t, perf::skynet_children> sums{};
    std::array<perf::fibers::fiber, perf::skynet_children> children;
    const std::uint64_t each = leaves / children.size();
    for (std::size_t i = 0; i < children.size(); ++i)
        children[i] = perf::start_fiber(perf::fibers::launch::dispatch, perf::recycled_stacks(),
                                        [&sums, i, first, each, waits] { sums[i] = subtree(first + i * each, each, waits); });
    for (auto& child : children) child.join();
    return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

std::uint64_t sum(std::uint64_t leaves, bool waits) { return subtree(0, leaves, waits); }

}  // namespace

int main(int argc, char** argv) { return perf::skynet_main(argc, argv, "boost_fiber", sum); }
