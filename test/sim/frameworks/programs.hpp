// Simulated programs that a test of each framework runs: one is right, the others fail.
#pragma once

#include <corun.hpp>
#include <corun/sim.hpp>

#include <vector>

namespace programs {

// Each fiber adds one across a yield, or without one.
template <bool correct>
int sum_of_two() {
    int sum = 0;
    std::vector<corun::fiber<>> fibers;
    for (int i = 0; i != 2; ++i)
        fibers.push_back(corun::spawn({.name = "adds"}, [&sum] {
            corun::yield();
            const int read = sum;
            if (!correct) corun::yield();
            sum = read + 1;
        }));
    for (auto& f : fibers) corun::yield(f.join());
    return sum;
}

template <bool correct>
void adds_two() {
    corun::sim::require(sum_of_two<correct>() == 2, "both were counted");
}

inline void deadlock() {
    corun::event never;
    corun::yield(never.wait());
}

}  // namespace programs
