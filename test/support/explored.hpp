// Exploring a program: what the tests of corun's own means of communication share.
#pragma once

#include <corun/error.hpp>
#include <corun/sim/explore.hpp>
#include <corun/yield.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>

namespace corun_test {

namespace detail {

template <class Body>
void explore(const corun::sim::explore_options& options, Body body) {
    const auto r = corun::sim::explore(options, body);
    BOOST_TEST(r.exhausted);
    BOOST_TEST(r.runs > 1U);
}

}  // namespace detail

template <class Body>
void in_every_schedule(Body body) {
    detail::explore({}, body);
}

/// Runs the body under every schedule of at most three preemptions.
template <class Body>
void within_three_preemptions(Body body) {
    detail::explore({.preemptions = 3}, body);
}

/// Counts how many of them live.
class counted {
public:
    explicit counted(int& live) : live_{live} { ++live_; }
    ~counted() { --live_; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;

private:
    int& live_;
};

/// How a fiber ended: 'v' with a value, 'c' cancelled, 'x' failed.
template <class Fiber>
char end_of(const Fiber& f) {
    try {
        corun::yield(f.join());
        return 'v';
    } catch (const corun::fiber_cancelled&) {
        return 'c';
    } catch (const std::runtime_error&) {
        return 'x';
    }
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
