// The queue of runnable fibers: a ring of (fiber, saved stack pointer).
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace corun::detail {

struct fiber_record;
using boost::context::detail::fcontext_t;

struct ready_entry {
    fiber_record* fiber;  // null: an empty place, whose fiber was brought forward
    fcontext_t sp;  // null: the fiber has not run yet and owns no stack
};

// Holds every fiber of the scheduler that is runnable, each once. Its capacity is kept at least the number of live
// fibers (`reserve`, at spawn), so that waking never allocates and never moves the slots while a switch writes to one.
// Places are counted from 1. One that was given up at the end is given to the next entry.
class run_queue {
public:
    [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
    [[nodiscard]] std::size_t size() const noexcept { return tail_ - head_ - empty_places_; }
    // How many entries were ever taken.
    [[nodiscard]] std::uint64_t taken() const noexcept { return head_ - 1 + taken_besides_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

    // Grows to hold n fibers. Throws std::bad_alloc and changes nothing then.
    void reserve(std::size_t n) {
        if (n + empty_places_ > capacity()) grow(n + empty_places_);
    }

    // Appends; the slot's stack pointer may be filled in by the switch that follows.
    ready_entry& push(fiber_record* fiber, fcontext_t sp) noexcept {
        ready_entry& slot = slots_[tail_++ & mask_];
        slot = {fiber, sp};
        return slot;
    }
    // The place of what was pushed last.
    [[nodiscard]] std::size_t last_place() const noexcept { return tail_ - 1; }

    // The next one to be taken.
    void push_first(fiber_record* fiber, fcontext_t sp) noexcept {
        slots_[--head_ & mask_] = {fiber, sp};
        ++taken_besides_;
    }

    // Makes the entry at a place the next one to be taken. Its place stays empty unless it is the last one. False, and nothing has
    // changed, if it is the first already, or where the empty places leave no room for all of `live` fibers.
    bool bring_forward(std::size_t place, std::size_t live) noexcept {
        if (place == head_ || live + empty_places_ + 1 > capacity()) return false;
        const ready_entry moved = std::exchange(slots_[place & mask_], ready_entry{});
        ++empty_places_;
        for (; tail_ != head_ && slots_[(tail_ - 1) & mask_].fiber == nullptr; --tail_) --empty_places_;
        push_first(moved.fiber, moved.sp);
        return true;
    }
    // An entry without a fiber has been taken.
    void left_empty_place() noexcept {
        --empty_places_;
        --taken_besides_;
    }

    // Takes the first entry.
    [[gnu::always_inline]] ready_entry pop_alone() noexcept { return slots_[head_++ & mask_]; }

    // The same, and has the cache lines fetched that the switch to a later one will touch, one of the record and two of
    // the saved stack: with thousands of fibers each switch would otherwise wait for memory twice.
    [[gnu::always_inline]] ready_entry pop() noexcept {
        const ready_entry first = pop_alone();
        const ready_entry& next = slots_[(head_ + 3) & mask_];
        prefetch(next.fiber, 24);  // state, alerts, owner
        prefetch(next.sp, 0);
        prefetch(next.sp, 64);
        return first;
    }

    [[nodiscard]] const ready_entry& at(std::size_t place) const noexcept { return slots_[(head_ + place) & mask_]; }

    // Takes the entry at a place counted from the first; the others keep their order.
    ready_entry take(std::size_t place) noexcept {
        const ready_entry taken = at(place);
        if (place <= size() / 2) {
            for (; place != 0; --place) slots_[(head_ + place) & mask_] = at(place - 1);
            ++head_;
        } else {
            for (; place + 1 != size(); ++place) slots_[(head_ + place) & mask_] = at(place + 1);
            --tail_;
        }
        return taken;
    }

private:
    friend struct run_queue_layout;  // tells debuggers where what follows lies

    // Inlined: calls of a function that only prefetches are left out by a compiler, as it sees no effect in them. As a number: there
    // is no arithmetic on null, which is the stack of a fiber that has not run.
    [[gnu::always_inline]] static void prefetch(const void* from, std::uintptr_t offset) noexcept {
        __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(from) + offset), 1);
    }

    void grow(std::size_t n) {
        std::size_t wanted = capacity();
        while (wanted < n) wanted *= 2;
        auto bigger = std::make_unique<ready_entry[]>(wanted);
        for (std::size_t i = head_; i != tail_; ++i) bigger[i & (wanted - 1)] = slots_[i & mask_];
        slots_ = std::move(bigger);
        mask_ = wanted - 1;
    }

    std::size_t head_ = 1;
    std::size_t tail_ = 1;
    std::size_t empty_places_ = 0;  // between them
    std::uint64_t taken_besides_ = 0;  // went ahead of the head; less the empty places that it has passed
    std::size_t mask_ = 63;
    std::unique_ptr<ready_entry[]> slots_ = std::make_unique<ready_entry[]>(64);
};

}  // namespace corun::detail
