// The cost of starting one fiber and waiting for its end. What every runtime's version shares.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace perf {

/// One child at a time. Each must have run before the next is started.
class family {
public:
    explicit family(benchmark::State& state) : state_{state} {}

    /// For the parent: another child?
    [[nodiscard]] bool next() {
        if (born_ != ran_) state_.SkipWithError("joined a child that had not run");
        return state_.KeepRunning() && ++born_;
    }

    /// For the child: what it does.
    void work() { ++ran_; }

private:
    benchmark::State& state_;
    std::int64_t born_ = 0;
    std::int64_t ran_ = 0;
};

}  // namespace perf
