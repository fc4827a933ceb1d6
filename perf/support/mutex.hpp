// Fibers that lock, yield and unlock: what every runtime's version shares.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

namespace perf {

/// How many there are.
inline std::size_t contenders(const benchmark::State& state) { return static_cast<std::size_t>(state.range(0)); }

/// One iteration is one critical section, whoever is in it.
class contest {
public:
    explicit contest(benchmark::State& state) : state_{state} {}

    void enter() { wrong_ |= inside_++ != 0; }
    void leave() { --inside_; }
    /// Another critical section for one of them?
    [[nodiscard]] bool again() { return going_ = going_ && state_.KeepRunning(); }
    void check() {
        if (wrong_) state_.SkipWithError("two were inside at once");
    }

private:
    benchmark::State& state_;
    int inside_ = 0;
    bool wrong_ = false;
    bool going_ = true;
};

}  // namespace perf
