// spawn_batch with Boost.Fiber. The children are queued, as in the other runtimes; to run each at once would never have two of them alive.
#include "../support/operations.hpp"
#include "boost_fiber.hpp"

#include <algorithm>
#include <vector>

namespace {

void run(perf::operations& work) {
    std::vector<perf::fibers::fiber> children;
    children.reserve(work.size);
    for (std::size_t left = work.count; left != 0; left -= children.size()) {
        children.clear();
        for (std::size_t i = std::min(left, work.size); i != 0; --i)
            children.push_back(perf::start_fiber(perf::fibers::launch::post, perf::recycled_stacks(), [&work] { ++work.done; }));
        for (auto& child : children) child.join();
    }
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "spawn_batch", "boost_fiber", {.count = 1'000'000, .size = 1000}, run);
}
