// The queue of a bounded concurrent_channel: threads that find it neither full nor empty pass each other without a lock.
#pragma once

#include <corun/detail/spin_lock.hpp>

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace corun::detail {

// Vyukov's bounded queue ("Bounded MPMC queue", 1024cores.net). Each slot has a turn: equal to a position it is free for the value
// of that number, one more it holds it. A thread takes a position first and moves its value afterwards, so that a slow move keeps
// nobody out; only the slot that it is busy with looks full to receivers, or free to nobody.
//
// Turns are changed by an exchange, and everything is sequentially consistent: who has changed a turn and then sees that nobody
// waits is seen by whoever begins to wait and looks at the turn afterwards.
template <class T>
class shared_ring {
public:
    struct slot {
        std::atomic<std::uint64_t> turn;
        alignas(T) std::byte bytes[sizeof(T)];
        [[nodiscard]] T* place() noexcept { return std::launder(reinterpret_cast<T*>(bytes)); }
    };
    // A slot that the caller has to itself until it says `done`.
    struct hold {
        slot* at = nullptr;
        std::uint64_t next_turn = 0;
        explicit operator bool() const noexcept { return at != nullptr; }
        void done() noexcept { at->turn.exchange(next_turn, std::memory_order_seq_cst); }
    };

    // Throws std::bad_alloc.
    explicit shared_ring(std::size_t capacity)
        : capacity_{capacity},
          mask_{std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity) - 1},
          slots_{std::make_unique<slot[]>(mask_ + 1)} {
        for (std::size_t i = 0; i <= mask_; ++i) slots_[i].turn.store(i, std::memory_order_relaxed);
    }
    ~shared_ring() {
        while (hold h = take()) std::destroy_at(h.at->place());
    }

    // A free slot for the next value; none: it is full, or closed.
    [[nodiscard]] hold make_room() noexcept {
        for (std::uint64_t at = tail_.load(std::memory_order_relaxed);;) {
            if ((at & closed_bit) != 0) return {};
            slot& s = slots_[at & mask_];
            const std::uint64_t turn = s.turn.load(std::memory_order_seq_cst);
            if (turn == at && has_room(at)) {
                if (tail_.compare_exchange_weak(at, at + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
                    return {&s, at + 1};
            } else {
                const std::uint64_t now = tail_.load(std::memory_order_seq_cst);
                if (now == at) return {};
                at = now;
            }
        }
    }
    // The slot of the oldest value; none: it is empty, or that value is still on its way in.
    [[nodiscard]] hold take() noexcept {
        for (std::uint64_t at = head_.load(std::memory_order_relaxed);;) {
            slot& s = slots_[at & mask_];
            if (s.turn.load(std::memory_order_seq_cst) == at + 1) {
                if (head_.compare_exchange_weak(at, at + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
                    return {&s, at + mask_ + 1};
            } else {
                const std::uint64_t now = head_.load(std::memory_order_seq_cst);
                if (now == at) return {};
                at = now;
            }
        }
    }

    // Whether one of them would succeed.
    [[nodiscard]] bool has_room() const noexcept {
        const std::uint64_t at = tail_.load(std::memory_order_seq_cst);
        return (at & closed_bit) == 0 && slots_[at & mask_].turn.load(std::memory_order_seq_cst) == at && has_room(at);
    }
    [[nodiscard]] bool has_value() const noexcept {
        const std::uint64_t at = head_.load(std::memory_order_seq_cst);
        return slots_[at & mask_].turn.load(std::memory_order_seq_cst) == at + 1;
    }

    void close() noexcept { tail_.fetch_or(closed_bit, std::memory_order_seq_cst); }
    [[nodiscard]] bool closed() const noexcept { return (tail_.load(std::memory_order_seq_cst) & closed_bit) != 0; }
    // Values that are in it or on their way in.
    [[nodiscard]] std::size_t size() const noexcept {
        const std::uint64_t head = head_.load(std::memory_order_seq_cst);  // first: the tail is never behind it
        const std::uint64_t count = (tail_.load(std::memory_order_seq_cst) & ~closed_bit) - head;
        return count < capacity_ ? static_cast<std::size_t>(count) : capacity_;
    }

private:
    static constexpr std::uint64_t closed_bit = std::uint64_t{1} << 63;

    // A slot that is free need not be one of those that the capacity allows.
    [[nodiscard]] bool has_room(std::uint64_t at) const noexcept {
        return capacity_ == mask_ + 1 || at - head_.load(std::memory_order_seq_cst) < capacity_;
    }

    // Each in a cache line of its own: senders change one, receivers the other.
    alignas(64) std::atomic<std::uint64_t> tail_{0};  // the next value's; and whether it is closed
    alignas(64) std::atomic<std::uint64_t> head_{0};  // of the oldest value
    alignas(64) const std::size_t capacity_;
    const std::size_t mask_;
    const std::unique_ptr<slot[]> slots_;
};

}  // namespace corun::detail
