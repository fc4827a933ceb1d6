// A look at a scheduler whose thread does not come by: the thread itself is interrupted, wherever it is, and looks.
#pragma once

#include "roster.hpp"

namespace corun::detail {

// Sends SIGURG, which programs ignore unless they say otherwise, to the process's threads; the one that is inside the scheduler
// calls `look` in its handler: nothing there may allocate or lock. False: no thread was inside, or it blocks the signal, or did not
// get it in time. Any other thread; not in a signal handler. Under ThreadSanitizer, which delays signals, expect false.
[[nodiscard]] bool look_from_its_thread(scheduler_impl& scheduler, patience wait, void (*look)(void*) noexcept, void* argument);

}  // namespace corun::detail
