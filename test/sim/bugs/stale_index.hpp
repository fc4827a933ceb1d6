// A fiber remembers where in a list its session is, and another one erases a session before it.
#pragma once

#include "primitives.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace bugs {

template <bool corrected>
void stale_index() {
    std::vector<int> sessions{10, 20, 30};
    both(
        [&] {
            std::size_t at = 1;
            corun::yield();  // asks session 20 for something
            if (corrected) at = static_cast<std::size_t>(std::find(sessions.begin(), sessions.end(), 20) - sessions.begin());
            sim::require(sessions[at] == 20, "the answer goes to the session that was asked");
        },
        [&] { sessions.erase(sessions.begin()); });
}

}  // namespace bugs
