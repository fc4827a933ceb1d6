// skynet: a tree of fibers with ten children each. A leaf's value is its number, a parent's the sum of its children's.
#pragma once

#include "operations.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace perf {

inline constexpr std::size_t skynet_children = 10;

/// `sum(leaves, waits)` builds the tree and returns the root's value; an operation is a leaf. Leaves must be a power of ten. If it
/// `waits`, each leaf gives way once before it ends.
template <class Sum>
int skynet_main(int argc, char** argv, std::string_view runtime, Sum sum) {
    return operations_main(argc, argv, "skynet", runtime, {.count = 1'000'000, .waits = false}, [&](operations& work) {
        for (std::size_t n = work.count; n != 1; n /= skynet_children)
            if (n % skynet_children != 0) throw bad_arguments{"--operations must be a power of ten"};
        work.sum = sum(static_cast<std::uint64_t>(work.count), *work.waits);
        const std::uint64_t expected = std::uint64_t{work.count} * (work.count - 1) / 2;
        check(work.sum == expected, "the sum is " + std::to_string(work.sum) + " where it should be " + std::to_string(expected));
        work.done = work.count;
    });
}

}  // namespace perf
