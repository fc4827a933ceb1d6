// What waits for a time, the earliest first.
#pragma once

#include <corun/detail/timer_node.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace corun::detail {

// A heap of four branches that knows where each timer is, so that one is withdrawn in logarithmic time. Where they are stands in
// a table and not in the nodes: these lie on as many stacks as there are timers, and each step of a sift would miss the caches.
// Equal times expire in the order in which they were added. Belongs to one scheduler; not thread-safe.
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
        std::size_t slot;
        [[nodiscard]] bool before(const entry& other) const noexcept {
            return when != other.when ? when < other.when : order < other.order;
        }
    };

    // One for each timer, for as long as it is in the queue.
    struct slot {
        timer_node* node;
        std::size_t place;  // in the heap; of a free slot: the next free one
    };
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    void put(std::size_t place, const entry& e) noexcept;
    void sift_up(std::size_t place, const entry& e) noexcept;
    void sift_down(std::size_t place, const entry& e) noexcept;

    std::vector<entry> heap_;
    std::vector<slot> slots_;
    std::size_t free_ = none;
    std::uint64_t added_ = 0;
};

}  // namespace corun::detail
