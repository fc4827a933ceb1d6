// concurrent_task with Boost.Fiber, its own scheduler and its own timers.
#include "../support/concurrent_task.hpp"
#include "boost_fiber.hpp"

#include <vector>

namespace {

std::size_t run(const perf::concurrent_task& work) {
    std::size_t counted = 0;
    std::vector<perf::fibers::fiber> sleepers;
    sleepers.reserve(work.tasks);
    for (std::size_t i = 0; i < work.tasks; ++i)
        sleepers.push_back(perf::start_fiber(perf::fibers::launch::dispatch, perf::many_stacks(), [&, i] {
            boost::this_fiber::sleep_for(work.sleep_of(i));
            ++counted;
        }));
    for (auto& sleeper : sleepers) sleeper.join();
    return counted;
}

}  // namespace

int main(int argc, char** argv) { return perf::concurrent_task_main(argc, argv, "boost_fiber", run); }
