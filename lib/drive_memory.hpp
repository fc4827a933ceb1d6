// Memory for the handlers that a scheduler gives to Asio: one block each, part of the scheduler, so that waking it up cannot fail.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <new>

namespace corun::detail {

// Holds one allocation at a time; a second one, or a larger one, comes from the heap.
class handler_block {
public:
    [[nodiscard]] void* take(std::size_t bytes) {
        if (bytes <= bytes_.size() && !used_.exchange(true, std::memory_order_acquire)) return bytes_.data();
        return ::operator new(bytes);
    }
    void give(void* block) noexcept {
        if (block == bytes_.data())
            used_.store(false, std::memory_order_release);
        else
            ::operator delete(block);
    }

private:
    alignas(std::max_align_t) std::array<std::byte, 256> bytes_{};
    std::atomic<bool> used_{false};
};

template <class T>
struct block_allocator {
    using value_type = T;

    explicit block_allocator(handler_block& b) noexcept : block{&b} {}
    template <class U>
    block_allocator(const block_allocator<U>& other) noexcept : block{other.block} {}

    [[nodiscard]] T* allocate(std::size_t n) { return static_cast<T*>(block->take(n * sizeof(T))); }
    void deallocate(T* p, std::size_t) noexcept { block->give(p); }
    template <class U>
    friend bool operator==(const block_allocator& a, const block_allocator<U>& b) noexcept {
        return a.block == b.block;
    }

    handler_block* block;
};

// What rebinding starts from.
template <>
struct block_allocator<void> {
    using value_type = void;

    explicit block_allocator(handler_block& b) noexcept : block{&b} {}
    template <class U>
    block_allocator(const block_allocator<U>& other) noexcept : block{other.block} {}
    friend bool operator==(const block_allocator&, const block_allocator&) noexcept = default;

    handler_block* block;
};

}  // namespace corun::detail
