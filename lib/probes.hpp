// Static probes (USDT) for bpftrace, perf, SystemTap and gdb, where the system has the header for them. A probe is a no-op with a
// note about it in the program's file; its semaphore, which the listener counts up, says whether somebody listens.
#pragma once

#include "observers.hpp"

#include <cstdint>

#if defined(__ELF__) && __has_include(<sys/sdt.h>)
#define _SDT_HAS_SEMAPHORES 1
#define SDT_USE_VARIADIC 1
#include <sys/sdt.h>

// One word holds all semaphores, so that one look says whether anybody listens: eight of two bytes, named one by one below.
#pragma GCC visibility push(hidden)
extern "C" volatile std::uint64_t corun_probe_semaphores[2];
extern "C" volatile std::uint16_t corun_spawn_semaphore, corun_run_semaphore, corun_give_way_semaphore, corun_park_semaphore,
    corun_wake_semaphore, corun_end_semaphore, corun_span_begin_semaphore, corun_span_end_semaphore;
#pragma GCC visibility pop

#define CORUN_PROBE(name, ...) STAP_PROBEV(corun, name, __VA_ARGS__)
#define CORUN_HAS_PROBES 1
#else
#define CORUN_PROBE(name, ...) ((void)0)
#define CORUN_HAS_PROBES 0
#endif

namespace corun::detail {

// Now and then: has a listener come or gone? Then the engine tells of its turns, or no longer.
// @return  whether somebody wants to know of them
[[nodiscard]] inline bool heed_observers() noexcept {
#if CORUN_HAS_PROBES
    const bool wanted = (corun_probe_semaphores[0] | corun_probe_semaphores[1]) != 0;
    if (!wanted && !is_anything_observed()) [[likely]]
        return false;
    if (wanted != is_observed(observer::probes)) observe(observer::probes, wanted);
#endif
    if (is_observed(observer::signals)) need_alternate_stack();
    return is_observed(observer::turns);
}

}  // namespace corun::detail
