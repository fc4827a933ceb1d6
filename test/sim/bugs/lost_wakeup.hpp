// A fiber sees that there is nothing, gives way, and then waits for a notification that has already been.
#pragma once

#include "primitives.hpp"

namespace bugs {

template <bool corrected>
void lost_wakeup() {
    bool available = false;
    condition changed;
    both(
        [&] {
            while (!available) {
                if (!corrected) corun::yield();  // writes a line to the log, say
                corun::yield(changed.wait());
            }
        },
        [&] {
            available = true;
            changed.notify_all();
        });
}

}  // namespace bugs
