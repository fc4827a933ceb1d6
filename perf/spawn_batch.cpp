// Batches: `size` fibers are spawned, and then all are joined. An operation is one fiber.
#include "support/spawn_batch.hpp"

#include <corun.hpp>

#include <vector>

namespace {

void run(perf::batches& all) {
    corun::run([&all] {
        std::vector<corun::fiber<void>> children;
        while (const std::size_t size = all.next()) {
            children.clear();
            children.reserve(size);
            for (std::size_t i = 0; i != size; ++i)
                children.push_back(corun::spawn([&all] {
                    if (all.begun()) corun::yield();
                    all.ends();
                }));
            for (auto& child : children) corun::yield(child.join());
        }
    });
}

}  // namespace

int main(int argc, char** argv) { return perf::spawn_batch_main(argc, argv, "corun", run); }
