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
// Before it a line of newcomers, which come into the heap when somebody asks for the earliest, or when the line is full: most
// deadlines are withdrawn before that, and have cost next to nothing then.
// Equal times expire in the order in which they were added. Belongs to one scheduler; not thread-safe.
class timer_queue {
public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds long_span{1};  // of those who do not mind a millisecond

    timer_queue() noexcept { line_.link_to_itself(); }
    timer_queue(const timer_queue&) = delete;
    timer_queue& operator=(const timer_queue&) = delete;

    [[nodiscard]] bool empty() const noexcept { return heap_.empty() && newcomers_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return heap_.size() + newcomers_; }
    [[nodiscard]] time_point earliest() noexcept {
        if (newcomers_ != 0) sort_in();
        return heap_.front().when;
    }

    // Whether a millisecond more is nothing to each of them. After `earliest`.
    [[nodiscard]] bool all_are_long() const noexcept { return short_ones_ == 0; }

    // Throws std::bad_alloc and changes nothing then.
    void add(timer_node& node, time_point when, bool is_long = false) {
        if (newcomers_ == room_) [[unlikely]]
            make_room();
        node.is_long = is_long;
        append(node, when, timer_place::line);
    }
    // The same, for a span that begins when the newcomers are sorted in, `begin_spans` at the latest. False: there was no room for
    // it at hand, and it was not added.
    [[nodiscard]] bool add_span(timer_node& node, time_point::duration span) noexcept {
        if (newcomers_ == room_) return false;
        append(node, time_point{span}, timer_place::line_as_span);
        may_have_spans_ = true;
        return true;
    }
    void begin_spans() noexcept {
        if (may_have_spans_) sort_in();
    }
    // Nothing happens if the node is not in the queue.
    void remove(timer_node& node) noexcept {
        if (node.place >= timer_place::line)
            leave_line(node);
        else if (node.place == timer_place::heap)
            remove_sorted(node);
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

    void append(timer_node& node, time_point when, timer_place place) noexcept {
        node.place = place;
        node.link_before(line_);
        node.when = when;
        ++newcomers_;
    }
    void leave_line(timer_node& node) noexcept {
        node.place = timer_place::nowhere;
        node.unlink();
        --newcomers_;
    }
    // For a whole line, without allocating.
    [[nodiscard]] static bool has_room(const auto& all) noexcept { return all.capacity() - all.size() >= longest_line; }
    void make_room();
    void sort_in() noexcept;
    void insert(timer_node& node) noexcept;
    void remove_sorted(timer_node& node) noexcept;
    void put(std::size_t place, const entry& e) noexcept;
    void sift_up(std::size_t place, const entry& e) noexcept;
    void sift_down(std::size_t place, const entry& e) noexcept;

    static constexpr std::size_t longest_line = 32;
    ring_link line_;
    std::size_t newcomers_ = 0;
    std::size_t room_ = 0;  // for newcomers: a whole line of them, once heap_ and slots_ can take it; else nothing
    bool may_have_spans_ = false;
    std::vector<entry> heap_;
    std::vector<slot> slots_;
    std::size_t free_ = none;
    std::uint64_t added_ = 0;
    std::size_t short_ones_ = 0;  // in the heap
};

}  // namespace corun::detail
