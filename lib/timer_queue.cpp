#include <corun/detail/timer_queue.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace corun::detail {
namespace {
constexpr std::size_t branches = 4;
}

// For a newcomer now, and for all of a line in the heap later.
void timer_queue::make_room() {
    const auto reserve = [](auto& all) {
        if (!has_room(all)) all.reserve(std::max(2 * all.capacity(), 2 * longest_line));
    };
    if (newcomers_ != 0) sort_in();
    reserve(heap_);
    reserve(slots_);
    room_ = longest_line;
}

void timer_queue::sort_in() noexcept {
    std::optional<time_point> now;
    while (line_.next != &line_) {
        auto& node = static_cast<timer_node&>(*line_.next);
        if (node.place == timer_place::line_as_span) {
            if (!now) now = std::chrono::steady_clock::now();
            node.is_long = node.when.time_since_epoch() >= long_span;
            node.when = *now + std::min(node.when.time_since_epoch(), time_point::max() - *now);
        }
        leave_line(node);
        insert(node);
    }
    may_have_spans_ = false;
    room_ = has_room(heap_) && has_room(slots_) ? longest_line : 0;
}

void timer_queue::insert(timer_node& node) noexcept {
    if (free_ == none) {
        slots_.push_back({nullptr, none});
        free_ = slots_.size() - 1;
    }
    heap_.emplace_back();
    const std::size_t own = std::exchange(free_, slots_[free_].place);
    slots_[own].node = &node;
    node.place = timer_place::heap;
    node.slot = own;
    if (!node.is_long) ++short_ones_;
    sift_up(heap_.size() - 1, {node.when, added_++, own});
}

void timer_queue::remove_sorted(timer_node& node) noexcept {
    node.place = timer_place::nowhere;
    if (!node.is_long) --short_ones_;
    const std::size_t own = node.slot;
    const std::size_t hole = std::exchange(slots_[own].place, free_);
    free_ = own;
    const entry last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) return;
    if (hole > 0 && last.before(heap_[(hole - 1) / branches]))
        sift_up(hole, last);
    else
        sift_down(hole, last);
}

timer_node* timer_queue::take_expired(time_point now) noexcept {
    if (newcomers_ != 0) sort_in();
    if (heap_.empty() || heap_.front().when > now) return nullptr;
    timer_node* first = slots_[heap_.front().slot].node;
    remove_sorted(*first);
    return first;
}

void timer_queue::put(std::size_t place, const entry& e) noexcept {
    heap_[place] = e;
    slots_[e.slot].place = place;
}

void timer_queue::sift_up(std::size_t place, const entry& e) noexcept {
    while (place > 0) {
        const std::size_t parent = (place - 1) / branches;
        if (!e.before(heap_[parent])) break;
        put(place, heap_[parent]);
        place = parent;
    }
    put(place, e);
}

void timer_queue::sift_down(std::size_t place, const entry& e) noexcept {
    for (;;) {
        const std::size_t first = place * branches + 1;
        if (first >= heap_.size()) break;
        const std::size_t end = std::min(first + branches, heap_.size());
        std::size_t least = first;
        for (std::size_t child = first + 1; child < end; ++child)
            if (heap_[child].before(heap_[least])) least = child;
        if (!heap_[least].before(e)) break;
        put(place, heap_[least]);
        place = least;
    }
    put(place, e);
}

}  // namespace corun::detail
