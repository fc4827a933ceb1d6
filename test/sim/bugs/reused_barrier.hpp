// A barrier counts arrivals down to nothing and up again: one who is fast arrives a second time before the slow one has left.
#pragma once

#include "primitives.hpp"

namespace bugs {

template <bool corrected>
void reused_barrier() {
    int arrived = 0, generation = 0, rounds[2] = {};
    condition all_here;
    const auto wait = [&] {
        const int mine = generation;
        if (++arrived == 2) {
            if (corrected) arrived = 0;
            ++generation;
            all_here.notify_all();
            return;
        }
        while (corrected ? mine == generation : arrived != 2) corun::yield(all_here.wait());
        if (!corrected) arrived = 0;
    };
    const auto fiber = [&](int self) {
        for (int round = 0; round != 2; ++round) {
            ++rounds[self];
            wait();
            sim::require(rounds[1 - self] > round, "the other one has come as far");
        }
    };
    both([&] { fiber(0); }, [&] { fiber(1); });
}

}  // namespace bugs
