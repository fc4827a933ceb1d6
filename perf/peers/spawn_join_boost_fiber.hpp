// Spawn and join with Boost.Fiber. It offers both: the child runs at once, or it is queued as in the other runtimes.
#pragma once

#include "../support/spawn_join.hpp"
#include "boost_fiber.hpp"

namespace perf {

template <fibers::launch When>
void spawn_join_boost_fiber(benchmark::State& state) {
    family all{state};
    while (all.next()) start_fiber(When, recycled_stacks(), [&all] { all.work(); }).join();
}

}  // namespace perf
