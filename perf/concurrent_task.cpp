// 10,000 fibers sleep for a second and count. The counter needs no lock: fibers switch only at corun::yield.
#include "support/concurrent_task.hpp"

#include <corun.hpp>

#include <vector>

namespace {

std::size_t run(const perf::concurrent_task& work) {
    return corun::run([&work] {
        std::size_t counted = 0;
        std::vector<corun::fiber<void>> sleepers;
        sleepers.reserve(work.tasks);
        for (std::size_t i = 0; i < work.tasks; ++i)
            sleepers.push_back(corun::spawn([&work, &counted, i] {
                corun::yield(corun::sleep_for(work.sleep_of(i)));
                ++counted;
            }));
        for (auto& sleeper : sleepers) corun::yield(sleeper.join());
        return counted;
    });
}

}  // namespace

int main(int argc, char** argv) { return perf::concurrent_task_main(argc, argv, "corun", run); }
