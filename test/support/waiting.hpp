// Bringing fibers to where they wait.
#pragma once

#include <corun/yield.hpp>

namespace corun_test {

/// Lets the others go on until they wait; for those that get there within a few turns.
inline void let_them_wait() {
    for (int i = 0; i < 5; ++i) corun::yield();
}

}  // namespace corun_test
