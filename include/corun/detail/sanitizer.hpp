// Tells the sanitizers which stack runs. Empty functions in ordinary builds.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define CORUN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CORUN_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define CORUN_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CORUN_TSAN 1
#endif
#endif

#if defined(CORUN_ASAN) || defined(CORUN_TSAN)
#define CORUN_SANITIZED 1
#endif

namespace corun::detail {

// A stack as the switch sees it. `base` and `size` bound the memory; a scheduler's loop stack learns its own at the
// first switch away from it, and again on each thread that drives it.
struct stack_span {
    void* base = nullptr;
    std::size_t size = 0;
#if defined(CORUN_SANITIZED)
    void* shadow = nullptr;  // ASan's fake stack while away; TSan's fiber, kept as long as the stack
#endif
};

#if defined(CORUN_SANITIZED)
// Around a jump, in this order: leaving on the old stack (from null: for ever), arrived on the new one (self null: for the
// first time).
void announce_leaving(stack_span* from, stack_span& to) noexcept;
void announce_arrived(stack_span* self) noexcept;
// The calling thread's own stack, before a drive leaves it.
void describe_thread_stack(stack_span& loop) noexcept;
// Its fiber has ended; the memory may be used again.
void forget_stack(stack_span& stack) noexcept;
#endif

}  // namespace corun::detail
