// The cost of one yield in a ring of fibers. What every runtime's version shares.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

namespace perf {

/// Fibers that take turns. One of them measures: in each of its laps every fiber of the ring yields once, so the
/// benchmark's time per iteration is the time per yield.
class ring {
public:
    explicit ring(benchmark::State& state) : state_{state}, size_{static_cast<std::size_t>(state.range(0))} {}

    /// How many fibers there are beside the one that measures.
    [[nodiscard]] std::size_t others() const { return size_ - 1; }

    /// For the others: another turn?
    [[nodiscard]] bool turn() {
        ++turns_;
        return !stopped_;
    }

    /// For the one that measures: another lap?
    [[nodiscard]] bool lap() {
        if (state_.KeepRunningBatch(static_cast<benchmark::IterationCount>(size_))) return true;
        stopped_ = true;
        return false;
    }

    /// To be called when all have ended: had everyone a turn in every lap?
    void check() {
        const std::size_t laps = static_cast<std::size_t>(state_.iterations()) / size_;
        if (turns_ < laps * others() || turns_ > (laps + 3) * others()) state_.SkipWithError("fibers missed their turns");
    }

private:
    benchmark::State& state_;
    std::size_t size_;
    std::size_t turns_ = 0;
    bool stopped_ = false;
};

}  // namespace perf
