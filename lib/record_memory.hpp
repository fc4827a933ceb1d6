// Memory for the records of fibers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace corun::detail {

// Keeps the blocks of records that have ended, by size, for the next ones: a fiber that is spawned then allocates nothing, and
// meets memory that is in the cache. Belongs to one scheduler, but the blocks are anybody's: a block may come from another one. Not
// thread-safe.
class record_memory {
public:
    record_memory() noexcept = default;
    ~record_memory();
    record_memory(const record_memory&) = delete;
    record_memory& operator=(const record_memory&) = delete;

    // The class of sizes that a block belongs to, and whether there is one: larger blocks are not kept. Together with the word that
    // malloc keeps beside it a block fills whole steps.
    [[nodiscard]] static constexpr std::size_t class_of(std::size_t bytes) noexcept { return (bytes + beside + step - 1) / step; }
    [[nodiscard]] static constexpr bool is_kept(std::size_t bytes) noexcept { return class_of(bytes) < classes; }
    [[nodiscard]] static constexpr std::size_t rounded(std::size_t bytes) noexcept { return class_of(bytes) * step - beside; }

    // Null if there is none.
    [[nodiscard]] void* take(std::size_t bytes) noexcept;
    // False if there are enough.
    [[nodiscard]] bool give(void* block, std::size_t bytes) noexcept;

private:
    static constexpr std::size_t step = 16;
    static constexpr std::size_t beside = sizeof(std::size_t);
    static constexpr std::size_t classes = 65;  // up to 1 KiB: most of what a fiber's function captures fits
    static constexpr std::uint32_t most = 1024;  // blocks of one class
    struct block {
        block* next;
    };
    struct free_list {
        block* first = nullptr;
        std::uint32_t length = 0;
    };
    free_list lists_[classes];
};

}  // namespace corun::detail
