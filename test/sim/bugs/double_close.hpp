// Two fibers end a connection: both see it open, both flush, both close.
#pragma once

#include "primitives.hpp"

namespace bugs {

template <bool corrected>
void double_close() {
    bool open = true;
    int closed = 0;
    const auto end = [&] {
        if (!open) return;
        if (corrected) open = false;
        corun::yield();  // flushes
        open = false;
        ++closed;
    };
    both(end, end);
    sim::require(closed == 1, "it is closed once");
}

}  // namespace bugs
