// An answer and a timeout come at the same time, and the promise is kept twice.
#pragma once

#include "primitives.hpp"

#include <chrono>

namespace bugs {

template <bool corrected>
void timeout_races_completion() {
    using namespace std::chrono_literals;
    bool pending = true;
    int kept = 0;
    const auto keep = [&](auto prepare) {
        if (!pending) return;
        if (corrected) pending = false;
        prepare();
        pending = false;
        ++kept;
    };
    const auto deadline = corun::clock::now() + 1s;
    both(
        [&] {
            corun::yield(corun::sleep_until(deadline));
            keep([] {});
        },
        [&] {
            corun::yield(corun::sleep_for(1s));  // the answer takes as long
            keep([] { corun::yield(); });        // it is decoded
        });
    sim::require(kept == 1, "the promise is kept once");
}

}  // namespace bugs
