// Which processor a program runs on: a server and its load do not share one where there are two.
#pragma once

#include <sched.h>

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

inline void bind_server() { bind_to_processor(true); }
inline void bind_load() { bind_to_processor(false); }

}  // namespace perf
