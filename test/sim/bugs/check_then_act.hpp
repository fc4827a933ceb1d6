// A pool looks whether a connection is idle, pings it, and takes it: another fiber has taken it meanwhile.
#pragma once

#include "primitives.hpp"

#include <vector>

namespace bugs {

template <bool corrected>
void check_then_act() {
    std::vector<int> idle{1};
    int opened = 0;
    const auto use = [&] {
        int connection = 0;
        if (!idle.empty()) {
            if (corrected) {
                connection = idle.back();
                idle.pop_back();
                corun::yield();  // pings it
            } else {
                corun::yield();
                sim::require(!idle.empty(), "the connection is still idle");
                connection = idle.back();
                idle.pop_back();
            }
        } else {
            connection = 2 + opened++;
        }
        corun::yield();  // uses it
        idle.push_back(connection);
    };
    both(use, use);
}

}  // namespace bugs
