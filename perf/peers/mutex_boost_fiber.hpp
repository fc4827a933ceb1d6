// The mutex of Boost.Fiber.
#pragma once

#include "../support/mutex.hpp"
#include "boost_fiber.hpp"

#include <boost/fiber/mutex.hpp>

#include <mutex>
#include <vector>

namespace perf {

inline void mutex_boost_fiber(benchmark::State& state) {
    fibers::mutex m;
    contest all{state};
    std::vector<fibers::fiber> others;
    for (std::size_t i = contenders(state); i != 0; --i)
        others.push_back(start_fiber(fibers::launch::post, recycled_stacks(), [&] {
            do {
                const std::lock_guard hold{m};
                all.enter();
                boost::this_fiber::yield();
                all.leave();
            } while (all.again());
        }));
    for (auto& other : others) other.join();
    all.check();
}

}  // namespace perf
