// Something that waits in a scheduler's timer queue.
#pragma once

#include <cstddef>

namespace corun::detail {

class scheduler_impl;

// Touched only by the scheduler's owner. In the queue exactly while `slot` is not `nowhere`.
struct timer_node {
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
    std::size_t slot = nowhere;  // of the queue's table

    [[nodiscard]] bool is_waiting() const noexcept { return slot != nowhere; }

    // Its time has come; it is no longer in the queue.
    virtual void expired() noexcept = 0;

protected:
    ~timer_node() = default;
};

}  // namespace corun::detail
