#include "stack_pool.hpp"

#include "guarded_memory.hpp"

#include <corun/detail/record.hpp>
#include <corun/error.hpp>

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define CORUN_REGISTER_STACK(low, high) (void)VALGRIND_STACK_REGISTER(low, high)
#else
#define CORUN_REGISTER_STACK(low, high) (void)0
#endif

namespace corun::detail {
namespace {

// Stacks whose tops lie at the same offset in their pages share cache sets; so neighbours start a few lines apart.
constexpr std::size_t colours = 16;
constexpr std::size_t colour_step = 64;

constexpr std::size_t first_arena = 64;         // slots
constexpr std::size_t largest_arena = 32 * 1024;
constexpr std::size_t largest_slot = std::size_t{1} << 30;

std::size_t page_size() noexcept {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

// What the system asks of a thread's stack, signal frame included, and the page for the colour.
std::size_t smallest_slot() noexcept {
    static const std::size_t size = [] {
        const long asked = ::sysconf(_SC_THREAD_STACK_MIN);
        const auto least = static_cast<std::size_t>(asked > 0 ? asked : 16 * 1024);
        return std::bit_ceil(least + 2 * page_size());
    }();
    return size;
}

[[noreturn]] void refuse(const std::string& what) { throw stack_unavailable{"corun: " + what}; }

}  // namespace

std::size_t slot_size(std::size_t wanted, const std::source_location& asked_for_at) {
    const auto refuse_size = [&](const char* bound, std::size_t possible) {
        refuse("a stack of " + std::to_string(wanted) + " bytes is " + bound + std::to_string(possible) +
               (asked_for_at.line() == 0 ? "" : "; asked for at " + describe(asked_for_at)));
    };
    if (wanted < smallest_slot()) refuse_size("too small; the least is ", smallest_slot());
    if (wanted > largest_slot) refuse_size("too large; the most is ", largest_slot);
    return std::bit_ceil(wanted);
}

stack_pool::stack_pool(std::size_t bytes) noexcept : slot_{bytes}, slot_bits_{std::countr_zero(bytes)}, page_{page_size()} {}

stack_pool::~stack_pool() {
    for (const arena& a : arenas_) memory_calls.unmap(a.base, a.slots * slot_);
}

stack stack_pool::take() {
    std::byte* slot = nullptr;
    if (free_.empty()) {
        slot = carve();
    } else {
        slot = free_.back();
        free_.pop_back();
        cold_ = std::min(cold_, free_.size());
        low_water_ = std::min(low_water_, free_.size());
    }
    return describe(slot);
}

void stack_pool::give(const stack_span& span) noexcept {
    free_.push_back(static_cast<std::byte*>(span.base) - page_);  // within the reserved capacity
}

void stack_pool::trim_unused() noexcept {
    const std::size_t unused = std::min(low_water_, free_.size());
    low_water_ = free_.size();
    if (unused > warm_limit) drop_memory(unused - warm_limit);
}

void stack_pool::trim() noexcept {
    if (free_.size() > warm_limit) drop_memory(free_.size() - warm_limit);
}

// Neighbours go in one call: the range covers their guards, which stay.
void stack_pool::drop_memory(std::size_t upto) noexcept {
    if (cold_ >= upto) return;
    const auto first = free_.begin() + static_cast<std::ptrdiff_t>(cold_), last = free_.begin() + static_cast<std::ptrdiff_t>(upto);
    std::sort(first, last);
    for (auto run = first; run != last;) {
        auto end = run + 1;
        while (end != last && *end == *(end - 1) + slot_) ++end;
        memory_calls.drop(*run + page_, static_cast<std::size_t>(end - run) * slot_ - page_);
        run = end;
    }
    cold_ = upto;
}

std::size_t stack_pool::carved() const noexcept {
    std::size_t total = 0;
    for (const arena& a : arenas_) total += a.carved;
    return total;
}

stack stack_pool::describe(std::byte* slot) const noexcept {
    stack result;
    result.span.base = slot + page_;
    result.span.size = slot_ - page_;
    const std::size_t colour = (reinterpret_cast<std::uintptr_t>(slot) >> slot_bits_) % colours;  // a division would take 10 ns
    // Never at the very end: who unwinds a stack looks for the first frame's caller above it, and must find zeros there.
    result.top = slot + slot_ - (colour + 1) * colour_step;
    return result;
}

// Takes the next slot that was never used.
std::byte* stack_pool::carve() {
    if (arenas_.empty() || arenas_.back().carved == arenas_.back().slots) add_arena();
    arena& last = arenas_.back();
    if (last.carved == last.guarded) guard_more(last);
    std::byte* slot = last.base + last.carved++ * slot_;
    CORUN_REGISTER_STACK(slot + page_, slot + slot_);
    return slot;
}

// Where many fibers begin, an eighth of their stacks more is prepared at a time: together that takes less than a guard and a first
// touch for each.
void stack_pool::guard_more(arena& in) {
    std::byte* slot = in.base + in.guarded * slot_;
    const std::size_t several = prepares_ ? std::min({carved() / 8, in.slots - in.guarded, guarded_memory::most_prepared}) : 0;
    std::size_t guarded = 0;
    if (several > 1) {
        guarded = memory_calls.prepare(slot, slot_, page_, several);
        prepares_ = guarded != 0;
    }
    if (guarded == 0) guarded = memory_calls.guard_light(slot, page_) || memory_calls.guard_heavy(slot, page_) ? 1 : 0;
    if (guarded == 0)
        refuse(std::string{"no guard page for one more stack: "} + std::strerror(errno) +
               " (each takes a mapping on this system; see vm.max_map_count)");
    in.guarded += guarded;
}

void stack_pool::add_arena() {
    std::size_t slots = arenas_.empty() ? first_arena : std::min(arenas_.back().slots * 2, largest_arena);
    arenas_.reserve(arenas_.size() + 1);
    free_.reserve((arenas_.empty() ? 0 : carved()) + slots);
    void* base = nullptr;
    // A large arena may be refused where a small one is not (address space limit, strict overcommit).
    while ((base = memory_calls.map(slots * slot_)) == nullptr && slots > 1) slots /= 2;
    if (base == nullptr) refuse(std::string{"no memory for one more stack: "} + std::strerror(errno));
    arenas_.push_back({static_cast<std::byte*>(base), slots, 0, 0});
}

}  // namespace corun::detail
