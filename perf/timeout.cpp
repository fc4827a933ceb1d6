// Timeouts that do not fire: each of `size` fibers yields within an hour, again and again. An operation is one timeout.
#include "support/operations.hpp"

#include <corun.hpp>

#include <chrono>
#include <vector>

namespace {

using namespace std::chrono_literals;

void run(perf::operations& work) {
    corun::run([&work] {
        std::vector<corun::fiber<void>> fibers;
        std::size_t left = work.count;
        for (std::size_t i = 0; i < work.size; ++i)
            fibers.push_back(corun::spawn([&work, &left] {
                for (; left != 0; ++work.done) {
                    --left;
                    corun::yield(corun::with_timeout(1h, [] { corun::yield(); }));
                }
            }));
        for (auto& one : fibers) corun::yield(one.join());
    });
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "timeout", "corun", {.count = 1'000'000, .size = 100}, run);
}
