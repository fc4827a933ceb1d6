// Random programs that can be run again.
#pragma once

#include <corun/detail/sanitizer.hpp>

#include <cstdint>
#include <cstdlib>
#include <random>

namespace corun_test {

/// Calls f(seed) for many seeds; for one alone if the environment variable CORUN_SEED names it, as a failure's message does.
template <class Function>
void for_seeds(std::uint64_t count, Function f) {
#if defined(CORUN_TSAN)  // it has one thread to watch, and takes its time
    count = (count + 7) / 8;
#endif
    if (const char* wanted = std::getenv("CORUN_SEED"); wanted != nullptr) {
        f(std::strtoull(wanted, nullptr, 10));
        return;
    }
    for (std::uint64_t seed = 1; seed <= count; ++seed) f(seed);
}

/// Random numbers of one program.
class dice {
public:
    explicit dice(std::uint64_t seed) : engine_{seed} {}
    [[nodiscard]] std::size_t below(std::size_t n) { return engine_() % n; }
    [[nodiscard]] bool one_in(std::size_t n) { return below(n) == 0; }

private:
    std::mt19937_64 engine_;
};

}  // namespace corun_test
