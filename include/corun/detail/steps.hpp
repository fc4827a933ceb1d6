// Atomic steps that cost what plain ones do as long as the process has one thread.
#pragma once

#include <corun/detail/sanitizer.hpp>

#include <atomic>

#if __has_include(<sys/single_threaded.h>) && !defined(CORUN_SANITIZED)
#include <sys/single_threaded.h>
#define CORUN_MAY_BE_ALONE 1
#endif

namespace corun::detail {

// Whether the calling thread is the only one (glibc's manual, "Single-Threaded"). A thread that is made later sees all that was
// written before. False where the system cannot tell.
[[nodiscard]] inline bool is_only_thread() noexcept {
#if defined(CORUN_MAY_BE_ALONE)
    return __libc_single_threaded != 0;
#else
    return false;
#endif
}

// Of a count of references: one more, and one less; the latter returns what it was before.
template <class Count>
void add_reference(std::atomic<Count>& count) noexcept {
    if (is_only_thread())
        count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    else
        count.fetch_add(1, std::memory_order_relaxed);
}
template <class Count>
[[nodiscard]] Count drop_reference(std::atomic<Count>& count) noexcept {
    if (!is_only_thread()) return count.fetch_sub(1, std::memory_order_acq_rel);
    const Count before = count.load(std::memory_order_relaxed);
    count.store(before - 1, std::memory_order_relaxed);
    return before;
}

// Sets bits, in the one total order of all such steps; returns what was there before.
template <class Word, class Bits>
Word set_bits(std::atomic<Word>& word, Bits bits) noexcept {
    if (!is_only_thread()) return word.fetch_or(bits, std::memory_order_seq_cst);
    const Word before = word.load(std::memory_order_relaxed);
    word.store(static_cast<Word>(before | bits), std::memory_order_relaxed);
    return before;
}

// Takes what one at a time may have, in the same order; false where somebody has it.
[[nodiscard]] inline bool try_take(std::atomic<bool>& taken) noexcept {
    if (!is_only_thread()) return !taken.exchange(true, std::memory_order_seq_cst);
    if (taken.load(std::memory_order_relaxed)) return false;
    taken.store(true, std::memory_order_relaxed);
    return true;
}

// Exchange and store, in the same order.
template <class Value>
Value swap_in(std::atomic<Value>& place, Value value) noexcept {
    if (!is_only_thread()) return place.exchange(value, std::memory_order_seq_cst);
    const Value before = place.load(std::memory_order_relaxed);
    place.store(value, std::memory_order_relaxed);
    return before;
}

template <class Value>
void put(std::atomic<Value>& place, Value value) noexcept {
    if (is_only_thread())
        place.store(value, std::memory_order_relaxed);
    else
        place.store(value, std::memory_order_seq_cst);
}

}  // namespace corun::detail
