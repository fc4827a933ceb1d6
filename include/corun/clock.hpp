// The clock of sleeps and deadlines.
#pragma once

#include <chrono>

namespace corun {

/// std::chrono::steady_clock, whose time points it shares; inside of a simulation (corun/sim.hpp) the simulation's time, which
/// stands still while anything is runnable. Code that is to be tested in virtual time asks this clock and no other.
struct clock {
    using duration = std::chrono::steady_clock::duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr bool is_steady = true;

    /// Any thread.
    [[nodiscard]] static time_point now() noexcept;
};

}  // namespace corun
