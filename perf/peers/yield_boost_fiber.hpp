// Yield with Boost.Fiber: the thread's main fiber measures, as one of the ring.
#pragma once

#include "../support/yield.hpp"
#include "boost_fiber.hpp"

#include <vector>

namespace perf {

inline void yield_boost_fiber(benchmark::State& state) {
    ring all{state};
    std::vector<fibers::fiber> others;
    others.reserve(all.others());
    for (std::size_t i = 0; i < all.others(); ++i)
        others.push_back(start_fiber(fibers::launch::post, recycled_stacks(), [&all] {
            while (all.turn()) boost::this_fiber::yield();
        }));
    boost::this_fiber::yield();
    while (all.lap()) boost::this_fiber::yield();
    for (auto& other : others) other.join();
    all.check();
}

}  // namespace perf
