// Batches: `size` fibers are spawned, and then all are joined. An operation is one fiber.
#include "support/operations.hpp"

#include <corun.hpp>

#include <algorithm>
#include <vector>

namespace {

void run(perf::operations& work) {
    corun::run([&work] {
        std::vector<corun::fiber<void>> children;
        children.reserve(work.size);
        for (std::size_t left = work.count; left != 0; left -= children.size()) {
            children.clear();
            for (std::size_t i = std::min(left, work.size); i != 0; --i) children.push_back(corun::spawn([&work] { ++work.done; }));
            for (auto& child : children) corun::yield(child.join());
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "spawn_batch", "corun", {.count = 1'000'000, .size = 1000}, run);
}
