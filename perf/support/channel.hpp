// Passing integers between two fibers: what every runtime's version shares.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace perf {

/// How many values a producer may be ahead: of another thread, and as the benchmark asks.
inline constexpr std::size_t ahead = 1024;
inline std::size_t capacity(const benchmark::State& state) { return static_cast<std::size_t>(state.range(0)); }

/// Told to the echo, or the consumer, at the end.
inline constexpr std::int64_t the_end = -1;

/// Counts values that should arrive in order.
class in_order {
public:
    explicit in_order(benchmark::State& state) : state_{state} {}
    void arrived(std::int64_t value) { wrong_ += value != next_++; }
    void check() {
        if (wrong_ != 0) state_.SkipWithError("values were lost or out of order");
    }

private:
    benchmark::State& state_;
    std::int64_t next_ = 0;
    std::int64_t wrong_ = 0;
};

}  // namespace perf
