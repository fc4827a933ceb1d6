// A scheduler's random numbers: for ties, not for secrets. The same seed and the same program give the same choices.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/detail/simulation.hpp>

#include <bit>
#include <cstdint>

namespace corun::detail {

inline void seed_random(scheduler_core& core, std::uint64_t seed) noexcept {
    core.random_state = (seed ^ 0x9e3779b97f4a7c15) != 0 ? seed ^ 0x9e3779b97f4a7c15 : 1;
}

// Uniform in [0, n), up to n in 2^32. Marsaglia's xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift
// generators, scrambled"), brought into range by a multiplication.
[[nodiscard]] inline std::uint32_t random_below(scheduler_core& core, std::uint32_t n) noexcept {
    // A decision of the schedule, so that it is replayed, and explored, with the others.
    if (core.simulated != nullptr) [[unlikely]]
        return static_cast<std::uint32_t>(core.simulated->choose(n, simulation::even));
    std::uint64_t& x = core.random_state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    const std::uint64_t number = (x * 0x2545f4914f6cdd1d) >> 32;
    return static_cast<std::uint32_t>((number * n) >> 32);
}

// The number of a bit that is set, each with the same probability.
[[nodiscard]] inline int random_bit(scheduler_core& core, std::uint64_t bits) noexcept {
    for (auto skip = random_below(core, static_cast<std::uint32_t>(std::popcount(bits))); skip != 0; --skip) bits &= bits - 1;
    return std::countr_zero(bits);
}

}  // namespace corun::detail
