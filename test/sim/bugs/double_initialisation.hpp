// Two fibers find that a cache is empty, and both fill it.
#pragma once

#include "primitives.hpp"

namespace bugs {

template <bool corrected>
void double_initialisation() {
    bool filled = false;
    int loads = 0;
    mutex loading;
    const auto get = [&] {
        if (corrected) corun::yield(loading.lock());
        if (!filled) {
            ++loads;
            corun::yield();  // loads
            filled = true;
        }
        if (corrected) loading.unlock();
    };
    both(get, get);
    sim::require(loads == 1, "it is loaded once");
}

}  // namespace bugs
