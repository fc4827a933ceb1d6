#include "scheduler_impl.hpp"

#include <corun/detail/op_memory.hpp>

#include <cstddef>
#include <new>

namespace corun::detail {
namespace {

// Before each block, its size; as wide as the strictest alignment.
struct alignas(std::max_align_t) header {
    std::size_t bytes;
};

// Few sizes, so that one operation's block fits the next one. A block and the word that malloc keeps beside it fill them exactly.
constexpr std::size_t granule = 128;
constexpr std::size_t beside = sizeof(header) + sizeof(std::size_t);

[[nodiscard]] header* take_spare(std::atomic<void*>& spare) noexcept {
    return static_cast<header*>(swap_in<void*>(spare, nullptr));
}

// Where the first spare block is none, or too small for what the fiber does now.
[[gnu::noinline]] void* take_other_block(fiber_record& fiber, header* first, std::size_t bytes) {
    ::operator delete(first);
    header* const second = take_spare(fiber.spare_blocks[1]);
    if (second != nullptr && second->bytes >= bytes) return second + 1;
    ::operator delete(second);
    const std::size_t rounded = (bytes + beside + granule - 1) / granule * granule - beside;
    auto* block = static_cast<header*>(::operator new(sizeof(header) + rounded));
    block->bytes = rounded;
    return block + 1;
}

}  // namespace

void* take_block(fiber_record& fiber, std::size_t bytes) {
    if (current_core() == fiber.owner && fiber.stop_stage != 0) [[unlikely]]
        impl_of(*fiber.owner).ask_again_later(fiber);
    header* const first = take_spare(fiber.spare_blocks[0]);
    if (first != nullptr && first->bytes >= bytes) return first + 1;
    return take_other_block(fiber, first, bytes);
}

void give_block(fiber_record& fiber, void* memory) noexcept {
    auto* block = static_cast<header*>(memory) - 1;
    for (auto& spare : fiber.spare_blocks) {
        void* empty = nullptr;
        if (spare.compare_exchange_strong(empty, block, std::memory_order_release, std::memory_order_relaxed)) return;
    }
    ::operator delete(block);
}

}  // namespace corun::detail
