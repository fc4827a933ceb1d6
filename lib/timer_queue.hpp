// What waits for a time, the earliest first.
#pragma once

#include <corun/detail/timer_node.hpp>

#include <chrono>
#include <vector>

namespace corun::detail {

// A heap of four branches, whose nodes know their places, so that a timer is withdrawn in logarithmic time. Equal times expire
// in the order in which they were added. Belongs to one scheduler; not thread-safe.
class timer_queue {
public:
    using time_point = std::chrono::steady_clock::time_point;

    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
    [[nodiscard]] time_point earliest() const noexcept { return heap_.front().when; }

    // Throws std::bad_alloc and changes nothing then.
    void add(timer_node& node, time_point when);
    // Nothing happens if the node is not in the queue.
    void remove(timer_node& node) noexcept;
    // Takes the first node out if its time is not after `now`; null otherwise.
    timer_node* take_expired(time_point now) noexcept;

private:
    struct entry {
        time_point when;
        std::uint64_t order;
        timer_node* node;
        [[nodiscard]] bool before(const entry& other) const noexcept {
            return when != other.when ? when < other.when : order < other.order;
        }
    };

    void put(std::size_t place, const entry& e) noexcept;
    void sift_up(std::size_t place, const entry& e) noexcept;
    void sift_down(std::size_t place, const entry& e) noexcept;

    std::vector<entry> heap_;
    std::uint64_t added_ = 0;
};

}  // namespace corun::detail
