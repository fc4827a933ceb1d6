// Waiting for a number of things to have happened.
#pragma once

#include <corun/detail/checked_count.hpp>
#include <corun/detail/wait_operation.hpp>

#include <cstddef>

namespace corun {

/// Counts down once, for fibers of one scheduler: who waits goes on when the count has come to zero. Any use on another scheduler
/// throws wrong_scheduler. Nothing but the yield on `wait()` switches.
class latch {
public:
    /// Throws std::invalid_argument for a count below zero.
    explicit latch(std::ptrdiff_t count) : count_{detail::at_least(0, count, "corun: a latch that counts from below zero")} {}
    latch(const latch&) = delete;
    latch& operator=(const latch&) = delete;

    /// Throws std::logic_error, and changes nothing, if fewer than n are left.
    void count_down(std::ptrdiff_t n = 1);
    /// An operation without a value.
    [[nodiscard]] detail::wait_operation<latch> wait() noexcept { return detail::wait_operation<latch>{*this}; }
    /// Whether the count is zero.
    [[nodiscard]] bool try_wait() const { return lets_pass(); }

private:
    friend class detail::wait_operation<latch>;

    [[nodiscard]] bool lets_pass() const {
        home_.check("latch");
        return count_ == 0;
    }

    detail::wait_list waiting_;
    std::ptrdiff_t count_;
    detail::home home_;
};

}  // namespace corun
