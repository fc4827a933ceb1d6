// The generator behind everything that a seed decides.
#pragma once

#include <cstdint>

namespace corun::detail {

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014): any seed will do, also 0.
class random_source {
public:
    explicit random_source(std::uint64_t seed) noexcept : state_{seed} {}

    std::uint64_t operator()() noexcept { return mix(state_ += 0x9e3779b97f4a7c15U); }
    // Below n, which is not 0. The bias is below n / 2^32.
    std::uint64_t below(std::uint64_t n) noexcept { return n <= 0xffffffffU ? ((*this)() >> 32) * n >> 32 : (*this)() % n; }
    bool happens(double probability) noexcept { return static_cast<double>((*this)() >> 11) * 0x1p-53 < probability; }

    static constexpr std::uint64_t mix(std::uint64_t z) noexcept {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }

private:
    std::uint64_t state_;
};

}  // namespace corun::detail
