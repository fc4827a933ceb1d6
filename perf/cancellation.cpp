// Cancellation: `size` fibers sleep for an hour; each is cancelled and joined. An operation is one fiber, from its spawn to its
// join.
#include "support/operations.hpp"

#include <corun.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace {

using namespace std::chrono_literals;

void sleeper(perf::operations& work) {
    try {
        corun::yield(corun::sleep_for(1h));
    } catch (const corun::cancelled&) {
        ++work.done;
    }
}

void run(perf::operations& work) {
    corun::run([&work] {
        std::vector<corun::fiber<void>> sleepers;
        sleepers.reserve(work.size);
        for (std::size_t left = work.count; left != 0; left -= sleepers.size()) {
            sleepers.clear();
            for (std::size_t i = std::min(left, work.size); i != 0; --i)
                sleepers.push_back(corun::spawn([&work] { sleeper(work); }));
            corun::yield();  // all of them sleep
            for (auto& one : sleepers) one.cancel();
            for (auto& one : sleepers) corun::yield(one.join());
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "cancellation", "corun", {.count = 100'000, .size = 1000}, run);
}
