// Something that waits in a scheduler's timer queue.
#pragma once

#include <corun/detail/ring.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace corun::detail {

enum class timer_place : std::uint8_t {
    nowhere,
    heap,
    line,  // of the newcomers
    line_as_span,  // the same; `when` counts from nothing
};

// Touched only by the scheduler's owner. What is not initialised here is the queue's, and set by it.
struct timer_node : ring_link {
    std::chrono::steady_clock::time_point when;  // in the line
    std::size_t slot;                            // in the heap: of the queue's table
    timer_place place = timer_place::nowhere;
    bool is_long;  // waits so long that a millisecond more is nothing; of a span: once it has begun

    timer_node() noexcept {}

    [[nodiscard]] bool is_waiting() const noexcept { return place != timer_place::nowhere; }

    // Its time has come; it is no longer in the queue.
    virtual void expired() noexcept = 0;

protected:
    ~timer_node() = default;
};

}  // namespace corun::detail
