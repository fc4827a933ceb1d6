// spawn_batch with Boost.Fiber. The children are queued, as in the other runtimes; to run each at once would never have two of them
// alive.
#include "../support/spawn_batch.hpp"
#include "boost_fiber.hpp"

#include <vector>

namespace {

void run(perf::batches& all) {
    const auto child = [&all] {
        if (all.begun()) boost::this_fiber::yield();
        all.ends();
    };
    std::vector<perf::fibers::fiber> children;
    while (const std::size_t size = all.next()) {
        children.clear();
        children.reserve(size);
        for (std::size_t i = 0; i != size; ++i)
            children.push_back(perf::start_fiber(perf::fibers::launch::post, perf::recycled_stacks(), child));
        for (auto& one : children) one.join();
    }
}

}  // namespace

int main(int argc, char** argv) { return perf::spawn_batch_main(argc, argv, "boost_fiber", run); }
