// The system calls behind stacks. Tests replace them, to make each one fail.
#pragma once

#include <cstddef>

namespace corun::detail {

struct guarded_memory {
    static constexpr std::size_t most_prepared = 64;

    // Null when refused; errno says why.
    void* (*map)(std::size_t bytes) noexcept;
    void (*unmap)(void* base, std::size_t bytes) noexcept;
    // Makes a page inaccessible. False when refused; errno says why. `light` guards live in the page table and cost no mapping.
    bool (*guard_light)(void* page, std::size_t bytes) noexcept;
    bool (*guard_heavy)(void* page, std::size_t bytes) noexcept;
    // Light guards for the first page of each of several slots, and memory for the last one; in two calls. How many there are now,
    // from the first slot on; 0 where the system has no such calls, or refuses.
    std::size_t (*prepare)(std::byte* slots, std::size_t slot_bytes, std::size_t page_bytes, std::size_t count) noexcept;
    // Gives the memory back, keeps the addresses. Guards stay.
    void (*drop)(void* base, std::size_t bytes) noexcept;
};

// The system's, until a test assigns others. Not while fibers run.
extern guarded_memory memory_calls;

}  // namespace corun::detail
