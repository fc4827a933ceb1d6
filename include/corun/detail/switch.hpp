// The only stack switch. Everything that belongs to a thread in C++ but to a fiber here changes hands around it:
// exception state, errno, and what the sanitizers believe.
#pragma once

#include <corun/detail/run_queue.hpp>
#include <corun/detail/sanitizer.hpp>

#include <boost/context/detail/fcontext.hpp>

#include <cstdint>

#if defined(CORUN_SANITIZED) || defined(CORUN_CALL_GRAPH)  // docs/tools/switches.py looks for the calls
#define CORUN_SWITCH inline __attribute__((noinline))
#else
// Inlined down to the jump: behind a call the return address is mispredicted after every switch.
#define CORUN_SWITCH inline __attribute__((always_inline))
#endif

namespace corun::detail {

// The head of __cxa_eh_globals, as the Itanium C++ ABI (section 2.2.2) lays it out: the exceptions caught and not yet
// left, and the number thrown and not yet caught. Per thread for the language run-time, per fiber for us.
struct exception_globals {
    void* caught;
    unsigned int uncaught;
};

// Where a thread keeps errno, exception state, and Asio's lists of the strands that it is running, of both kinds. Asked for once
// per drive: nobody changes threads within.
struct thread_places {
    int* error_number;
    exception_globals* exceptions;
    void* const* strand;
    void* const* io_strand;
};

// Tells the innermost strand frames on the thread's Asio call stack apart from others; 0 if there are none.
[[nodiscard]] CORUN_SWITCH std::uintptr_t innermost_strand(const thread_places& places) noexcept {
    return reinterpret_cast<std::uintptr_t>(*places.strand) ^ reinterpret_cast<std::uintptr_t>(*places.io_strand);
}

// Leaves the running stack, whose pointer ends in *save, and continues at `to`. `places` belongs to the scheduler and is
// read again after the jump: another thread may drive it then. The invariant at the jump itself: exception state is empty.
CORUN_SWITCH void jump(thread_places& places, fcontext_t to, fcontext_t* save, [[maybe_unused]] stack_span* from,
                       [[maybe_unused]] stack_span& target) {
    const int error_number = *places.error_number;
    const exception_globals exceptions = *places.exceptions;
    const bool handling = (reinterpret_cast<std::uintptr_t>(exceptions.caught) | exceptions.uncaught) != 0;
    if (handling) [[unlikely]]
        *places.exceptions = {};
#if defined(CORUN_SANITIZED)
    announce_leaving(from, target);
#endif
    const auto arrival = boost::context::detail::jump_fcontext(to, save);
    *static_cast<fcontext_t*>(arrival.data) = arrival.fctx;  // where whoever left for us wants its own pointer
#if defined(CORUN_SANITIZED)
    announce_arrived(from);
#endif
    if (handling) [[unlikely]]
        *places.exceptions = exceptions;
    *places.error_number = error_number;
}

}  // namespace corun::detail
