// Waiting for a number of things that may still grow.
#pragma once

#include <corun/detail/wait_operation.hpp>

#include <cstddef>

namespace corun {

/// Counts what is under way, for fibers of one scheduler, as Go's sync.WaitGroup does; it may be used again when it has come to
/// zero. Any use on another scheduler throws wrong_scheduler. Nothing but the yield on `wait()` switches.
class wait_group {
public:
    wait_group() noexcept = default;
    wait_group(const wait_group&) = delete;
    wait_group& operator=(const wait_group&) = delete;

    /// n more are under way. Throws std::logic_error, and changes nothing, if that would leave fewer than none.
    void add(std::ptrdiff_t n = 1);
    /// One fewer is.
    void done() { add(-1); }
    /// An operation without a value: waits until none is under way; who was let through stays so, even if more are added at once.
    [[nodiscard]] detail::wait_operation<wait_group> wait() noexcept { return detail::wait_operation<wait_group>{*this}; }
    /// Whether none is.
    [[nodiscard]] bool try_wait() const { return lets_pass(); }

private:
    friend class detail::wait_operation<wait_group>;

    [[nodiscard]] bool lets_pass() const {
        home_.check("wait_group");
        return count_ == 0;
    }

    detail::wait_list waiting_;
    std::ptrdiff_t count_ = 0;
    detail::home home_;
};

}  // namespace corun
