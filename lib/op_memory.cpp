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

}  // namespace

void* take_block(fiber_record& fiber, std::size_t bytes) {
    if (current_core() == fiber.owner && fiber.stop_stage != 0) [[unlikely]]
        impl_of(*fiber.owner).ask_again_later(fiber);
    for (auto& spare : fiber.spare_blocks) {
        auto* block = static_cast<header*>(spare.exchange(nullptr, std::memory_order_acquire));
        if (block == nullptr) continue;
        if (block->bytes >= bytes) return block + 1;
        ::operator delete(block);  // too small for what this fiber does
    }
    const std::size_t rounded = (bytes + beside + granule - 1) / granule * granule - beside;
    auto* block = static_cast<header*>(::operator new(sizeof(header) + rounded));
    block->bytes = rounded;
    return block + 1;
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
