// A fixed number of iterations for a benchmark, where what it does is counted and not timed.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>

namespace perf {

/// For `BENCHMARK(...)->Apply(perf::counted)`: as many iterations as the runner asks for by environment, else as many as take a
/// while.
inline void counted(benchmark::internal::Benchmark* cost) {
    if (const char* number = std::getenv("CORUN_PERF_ITERATIONS"))
        if (const long long iterations = std::atoll(number); iterations > 0) cost->Iterations(iterations);
}

/// The parameters of a benchmark: the one that the runner asks for by environment, else these.
inline void sizes(benchmark::internal::Benchmark* cost, std::initializer_list<std::int64_t> usual) {
    if (const char* size = std::getenv("CORUN_PERF_SIZE"))
        cost->Arg(std::atoll(size));
    else
        for (const std::int64_t each : usual) cost->Arg(each);
    counted(cost);
}

}  // namespace perf
