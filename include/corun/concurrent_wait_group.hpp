// Waiting for a number of things that may still grow, for everyone.
#pragma once

#include <corun/detail/countdown.hpp>

namespace corun {

/// As `wait_group`, for fibers of any scheduler, plain threads and completion handlers together. Every function may be called from
/// any thread; only the yield on `wait()` switches.
class concurrent_wait_group : public detail::countdown {
public:
    concurrent_wait_group() noexcept : countdown{0} {}

    /// n more are under way. Throws std::logic_error, and changes nothing, if that would leave fewer than none.
    void add(std::ptrdiff_t n = 1) { countdown::add(n, "corun: more was done in a concurrent_wait_group than was added to it"); }
    /// One fewer is.
    void done() { add(-1); }
};

}  // namespace corun
