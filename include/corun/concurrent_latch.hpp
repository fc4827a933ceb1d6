// Waiting for a number of things to have happened, for everyone.
#pragma once

#include <corun/detail/checked_count.hpp>
#include <corun/detail/countdown.hpp>

#include <cstddef>
#include <stdexcept>

namespace corun {

/// As `latch`, for fibers of any scheduler, plain threads and completion handlers together. Every function may be called from any
/// thread; only the yield on `wait()` switches.
class concurrent_latch : public detail::countdown {
public:
    /// Throws std::invalid_argument for a count below zero.
    explicit concurrent_latch(std::ptrdiff_t count)
        : countdown{detail::at_least(0, count, "corun: a concurrent_latch that counts from below zero")} {}

    /// Throws std::logic_error, and changes nothing, if fewer than n are left.
    void count_down(std::ptrdiff_t n = 1) {
        if (n < 0) detail::refuse_use(wrong);
        add(-n, wrong);
    }

private:
    static constexpr const char* wrong = "corun: a concurrent_latch was counted down below zero";
};

}  // namespace corun
