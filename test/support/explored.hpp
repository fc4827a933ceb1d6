// Exploring a program: what the tests of corun's own means of communication share.
#pragma once

#include <corun/error.hpp>
#include <corun/sim/explore.hpp>
#include <corun/yield.hpp>

#include <boost/test/unit_test.hpp>

namespace corun_test {

/// Runs the body under every schedule of at most three preemptions.
template <class Body>
void in_every_schedule(Body body) {
    const auto r = corun::sim::explore({.preemptions = 3}, body);
    BOOST_TEST(r.exhausted);
    BOOST_TEST(r.runs > 1U);
}

/// Joins a fiber. True: it ended by its cancellation.
template <class Fiber>
bool was_cancelled(const Fiber& f) {
    try {
        corun::yield(f.join());
        return false;
    } catch (const corun::fiber_cancelled&) {
        return true;
    }
}

}  // namespace corun_test
