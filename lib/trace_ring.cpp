#include "trace_ring.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

namespace corun::detail {

static_assert(std::is_trivially_copyable_v<trace_event> && sizeof(trace_event) == 15 * sizeof(std::uint64_t));

trace_ring::trace_ring(std::size_t capacity)
    : mask_{std::bit_ceil(std::max<std::size_t>(capacity, 256)) - 1}, slots_{std::make_unique<slot[]>(mask_ + 1)} {}

std::uint64_t trace_ring::add(const trace_event& event) noexcept {
    std::uint64_t content[words];
    std::memcpy(content, &event, sizeof content);
    const std::uint64_t place = next_.fetch_add(1, std::memory_order_acq_rel);
    slot& to = slots_[place & mask_];
    to.stamp.store(0, std::memory_order_relaxed);
    // Releasing: who sees one of these words sees the stamp gone.
    for (std::size_t i = 0; i != words; ++i) to.content[i].store(content[i], std::memory_order_release);
    to.stamp.store(place + 1, std::memory_order_release);
    return place;
}

bool trace_ring::read(std::uint64_t place, trace_event& event) const noexcept {
    const slot& from = slots_[place & mask_];
    if (from.stamp.load(std::memory_order_acquire) != place + 1) return false;
    std::uint64_t content[words];
    for (std::size_t i = 0; i != words; ++i) content[i] = from.content[i].load(std::memory_order_acquire);
    if (from.stamp.load(std::memory_order_relaxed) != place + 1) return false;
    std::memcpy(&event, content, sizeof event);
    return true;
}

}  // namespace corun::detail
