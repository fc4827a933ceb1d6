// Which processor a program runs on: a server and its load do not share one where there are two.
#pragma once

#include <sched.h>

#include <cstdlib>

namespace perf {

/// Binds the calling thread to the last (or the first) of the processors that it may use. A child begins with its parent's
/// processors, so that the load is to be started before its server is bound. Nothing happens where there is only one.
inline void bind_to_processor(bool last) {
    cpu_set_t usable;
    if (::sched_getaffinity(0, sizeof usable, &usable) != 0 || CPU_COUNT(&usable) < 2) return;
    int chosen = last ? CPU_SETSIZE - 1 : 0;
    while (!CPU_ISSET(chosen, &usable)) chosen += last ? -1 : 1;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(chosen, &one);
    ::sched_setaffinity(0, sizeof one, &one);
}

inline void bind_load() { bind_to_processor(false); }

/// Where the runner counts what the server does, by environment, all requests of a round are there before the server sees the first:
/// how many it finds at once would depend on who is faster. It shares the load's processor, and does not interrupt it (sched(7),
/// SCHED_BATCH).
inline void bind_server() {
    const bool counted = std::getenv("CORUN_PERF_COUNTED") != nullptr;
    bind_to_processor(!counted);
    const sched_param none{};
    if (counted) ::sched_setscheduler(0, SCHED_BATCH, &none);
}

}  // namespace perf
