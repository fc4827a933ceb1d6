// Stacks of one size: guarded, coloured, the last used first.
#pragma once

#include <corun/detail/sanitizer.hpp>

#include <cstddef>
#include <source_location>
#include <vector>

namespace corun::detail {

struct stack {
    stack_span span;     // what the fiber may use; the guard page lies below it
    void* top = nullptr; // where the first frame begins: the span's end less the colour
};

// Belongs to one scheduler; not thread-safe.
//
// Slots are carved from arenas, each one mapping. A slot is a guard page and the usable part above it. A slot that was handed back
// keeps its memory for the next fiber; those beyond `warm_limit` give theirs back to the system in `trim`.
class stack_pool {
public:
    // At most so many unused stacks hold memory after trim(). Together at most warm_limit times the stack size.
    static constexpr std::size_t warm_limit = 256;

    // @param bytes  size of a slot, from slot_size()
    explicit stack_pool(std::size_t bytes) noexcept;
    ~stack_pool();
    stack_pool(const stack_pool&) = delete;
    stack_pool& operator=(const stack_pool&) = delete;

    // Throws stack_unavailable when memory or guard pages run out; a stack is never handed out unguarded.
    [[nodiscard]] stack take();

    // Nobody runs on it any more.
    void give(const stack_span& span) noexcept;

    // Gives back the memory of stacks that lay unused since the last call, but for the warm ones.
    void trim_unused() noexcept;
    // Gives back the memory of all unused stacks but the warm ones.
    void trim() noexcept;
    [[nodiscard]] bool has_surplus() const noexcept { return free_.size() - cold_ > warm_limit; }

    [[nodiscard]] std::size_t slot() const noexcept { return slot_; }
    [[nodiscard]] std::size_t carved() const noexcept;
    [[nodiscard]] std::size_t unused() const noexcept { return free_.size(); }

private:
    struct arena {
        std::byte* base;
        std::size_t slots;
        std::size_t carved;    // handed out at least once: the first ones
        std::size_t guarded;   // these, and prepared ones behind them
    };

    [[nodiscard]] std::byte* carve();
    void guard_more(arena& in);
    void add_arena();
    void drop_memory(std::size_t upto) noexcept;
    [[nodiscard]] stack describe(std::byte* slot) const noexcept;

    const std::size_t slot_;
    const int slot_bits_;             // its binary logarithm
    const std::size_t page_;          // bytes of the guard
    std::vector<arena> arenas_;
    std::vector<std::byte*> free_;    // slots; the last is the last used. Capacity for all that were carved
    bool prepares_ = true;            // until the system has refused
    std::size_t cold_ = 0;            // free_[0, cold_) hold no memory
    std::size_t low_water_ = 0;       // the least size of free_ since trim_unused was called
};

// Rounds a wanted size up to a slot's size. Throws stack_unavailable when it is too small or too large to be.
// @param asked_for_at  for the message, if it has a line
[[nodiscard]] std::size_t slot_size(std::size_t wanted, const std::source_location& asked_for_at = {});

}  // namespace corun::detail
