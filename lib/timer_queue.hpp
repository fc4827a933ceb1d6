// What waits for a time, the earliest first.
#pragma once

#include <corun/detail/timer_node.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace corun::detail {

// A heap of four branches that knows where each timer is, so that one is withdrawn in logarithmic time. Where they are stands in
// a table and not in the nodes: these lie on as many stacks as there are timers, and each step of a sift would miss the caches.
// Before it a line of newcomers, which come into the heap when somebody asks for the earliest, or when the line is full: most
// deadlines are withdrawn before that, and have cost next to nothing then.
// Equal times expire in the order in which they were added. Belongs to one scheduler; not thread-safe.
class timer_queue {
public:
    using time_point = std::chrono::steady_clock::time_point;

    [[nodiscard]] bool empty() const noexcept { return heap_.empty() && newcomers_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] time_point earliest() noexcept {
        if (newcomers_ != 0) sort_in();
        return heap_.front().when;
    }

    // Throws std::bad_alloc and changes nothing then.
    void add(timer_node& node, time_point when) {
        if (!has_room_ || newcomers_ == line_.size()) make_room();
        node.slot = newcomer | newcomers_;
        line_[newcomers_++] = {&node, when};
    }
    // The same, for a span that begins when the newcomers are sorted in, `begin_spans` at the latest.
    void add_span(timer_node& node, time_point::duration span) {
        add(node, time_point{span});
        spans_ |= std::uint32_t{1} << (newcomers_ - 1);
    }
    void begin_spans() noexcept {
        if (spans_ != 0) sort_in();
    }
    // Nothing happens if the node is not in the queue.
    void remove(timer_node& node) noexcept {
        if (node.slot == timer_node::nowhere) return;
        if ((node.slot & newcomer) == 0) {
            remove_sorted(node);
            return;
        }
        spans_ &= ~(std::uint32_t{1} << (node.slot & ~newcomer));
        line_[node.slot & ~newcomer].node = nullptr;
        node.slot = timer_node::nowhere;
        while (newcomers_ != 0 && line_[newcomers_ - 1].node == nullptr) --newcomers_;
    }
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

    // One for each timer in the heap, for as long as it is there.
    struct slot {
        timer_node* node;
        std::size_t place;  // in the heap; of a free slot: the next free one
    };
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    // In the line; null: it was withdrawn. The last one is never null.
    struct unsorted {
        timer_node* node;
        time_point when;
    };
    static constexpr std::size_t newcomer = std::size_t{1} << 62;  // beside the place in the line, in a node's slot

    void make_room();
    void sort_in() noexcept;
    void insert(timer_node& node, time_point when) noexcept;
    void remove_sorted(timer_node& node) noexcept;
    void put(std::size_t place, const entry& e) noexcept;
    void sift_up(std::size_t place, const entry& e) noexcept;
    void sift_down(std::size_t place, const entry& e) noexcept;

    std::array<unsorted, 32> line_;
    std::uint32_t spans_ = 0;  // which of the newcomers are spans: their `when` counts from nothing
    std::size_t newcomers_ = 0;
    bool has_room_ = false;  // for a whole line: in heap_ and slots_; always while there are newcomers
    std::vector<entry> heap_;
    std::vector<slot> slots_;
    std::size_t free_ = none;
    std::uint64_t added_ = 0;
};

}  // namespace corun::detail
