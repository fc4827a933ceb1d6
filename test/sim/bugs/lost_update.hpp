// Two fibers read a sum before either writes it: one of the additions is lost.
#pragma once

#include "primitives.hpp"

namespace bugs {

template <bool corrected>
void lost_update() {
    int sum = 0;
    const auto add = [&] {
        if (corrected) {
            corun::yield();
            sum += 1;
        } else {
            const int read = sum;
            corun::yield();
            sum = read + 1;
        }
    };
    both(add, add);
    sim::require(sum == 2, "both were counted");
}

}  // namespace bugs
