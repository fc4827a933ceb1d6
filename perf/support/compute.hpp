// Work for a processor alone, whose result shows that it was done.
#pragma once

#include <cstdint>

namespace perf {

/// Some 0.2 ms: a chain in which each step needs the one before it.
inline std::uint64_t compute(std::uint64_t x) {
    x |= 1;
    for (int i = 0; i != 128'000; ++i) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return x;
}

}  // namespace perf
