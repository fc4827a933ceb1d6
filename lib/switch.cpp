#include "places.hpp"

#include <corun/detail/core.hpp>

#include <boost/asio/detail/call_stack.hpp>
#include <boost/asio/detail/strand_executor_service.hpp>
#include <boost/asio/detail/strand_service.hpp>

#include <cxxabi.h>
#include <cerrno>

#if defined(CORUN_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(CORUN_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace boost::asio::detail {
template class keyword_tss_ptr<call_stack<strand_executor_service::strand_impl>::context>;
template class keyword_tss_ptr<call_stack<strand_service::strand_impl>::context>;  // io_context::strand's
}  // namespace boost::asio::detail

namespace corun::detail {

thread_local constinit scheduler_core* corun_current_core = nullptr;

// Asio marks a running strand on a list through its stack frames, which begins in a private thread-local. A fiber that left such a
// frame behind would leave the strand marked as running on this thread, and its functions would run at the same time as others. To
// look by Asio's own function would be a call at each yield; so the thread-locals are named as the Itanium C++ ABI names them
// (section 5.1). The explicit instantiations above define them; a release of Boost that renames them does not compile, or does not
// link.
extern __thread void* strand_frames __asm__(
    "_ZN5boost4asio6detail15keyword_tss_ptrINS1_10call_stackINS1_23strand_executor_service11strand_implEhE7contextEE6value_E");
extern __thread void* io_strand_frames __asm__(
    "_ZN5boost4asio6detail15keyword_tss_ptrINS1_10call_stackINS1_14strand_service11strand_implEhE7contextEE6value_E");

thread_local constinit thread_places known_places{};

void find_places() noexcept {
    known_places = {&errno, reinterpret_cast<exception_globals*>(abi::__cxa_get_globals()), &strand_frames, &io_strand_frames};
}

#if defined(CORUN_SANITIZED)

// TSan notes on a stack of each fiber what functions it is in: one that began on one fiber must not end on another.
#if defined(CORUN_TSAN) && defined(__clang__)
[[clang::disable_sanitizer_instrumentation]]
#elif defined(CORUN_TSAN)
[[gnu::no_sanitize_thread]]
#endif
void announce_leaving([[maybe_unused]] stack_span* from, stack_span& to) noexcept {
#if defined(CORUN_ASAN)
    __sanitizer_start_switch_fiber(from != nullptr ? &from->shadow : nullptr, to.base, to.size);
#elif defined(CORUN_TSAN)
    if (to.shadow == nullptr) to.shadow = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(to.shadow, 0);
#endif
}

void announce_arrived([[maybe_unused]] stack_span* self) noexcept {
#if defined(CORUN_ASAN)
    __sanitizer_finish_switch_fiber(self != nullptr ? self->shadow : nullptr, nullptr, nullptr);
#endif
}

void describe_thread_stack(stack_span& loop) noexcept {
#if defined(CORUN_ASAN)
    // ASan knows it, and says so to who pretends to come back from a switch. The system would have to open a file for it, which
    // fails when descriptors have run out.
    void* fake = nullptr;
    const void* base = nullptr;
    __sanitizer_start_switch_fiber(&fake, &loop, sizeof loop);
    __sanitizer_finish_switch_fiber(fake, &base, &loop.size);
    loop.base = const_cast<void*>(base);
    __sanitizer_start_switch_fiber(&fake, loop.base, loop.size);
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#elif defined(CORUN_TSAN)
    loop.shadow = __tsan_get_current_fiber();
#endif
}

void forget_stack(stack_span& stack) noexcept {
#if defined(CORUN_ASAN)
    __asan_unpoison_memory_region(stack.base, stack.size);
#elif defined(CORUN_TSAN)
    if (stack.shadow != nullptr) __tsan_destroy_fiber(stack.shadow);
#endif
    stack.shadow = nullptr;
}

#endif

}  // namespace corun::detail
