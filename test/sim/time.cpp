// Virtual time.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

namespace sim = corun::sim;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(simulated_time, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(an_hour_of_sleeps_takes_no_time) {
    int woke = 0;
    const auto began = std::chrono::steady_clock::now();
    const auto r = sim::run({}, [&] {
        const auto begin = corun::clock::now();
        for (int i = 0; i != 3600; ++i) {
            corun::yield(corun::sleep_for(1s));
            ++woke;
        }
        sim::require(corun::clock::now() - begin == 1h);
    });
    BOOST_TEST(woke == 3600);
    BOOST_TEST((r.elapsed == 1h));
    BOOST_TEST((std::chrono::steady_clock::now() - began < 1h));
}

BOOST_AUTO_TEST_CASE(time_stands_still_while_anything_is_runnable) {
    sim::run({.seed = 3}, [] {
        const auto begin = corun::clock::now();
        auto busy = corun::spawn([&] {
            for (int i = 0; i != 1000; ++i) {
                corun::yield();
                sim::require(corun::clock::now() == begin);
            }
        });
        auto asleep = corun::spawn([&busy] {
            corun::yield(corun::sleep_for(1ns));
            sim::require(busy.done());
        });
        corun::yield(busy.join());
        corun::yield(asleep.join());
    });
}

BOOST_AUTO_TEST_CASE(outside_of_a_simulation_the_clock_is_the_steady_one) {
    const auto before = std::chrono::steady_clock::now();
    const auto now = corun::clock::now();
    BOOST_TEST((before <= now && now <= std::chrono::steady_clock::now()));
    sim::run({}, [&] { sim::require(corun::clock::now() - now != 0s); });
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_mutex_a_channel_or_a_join_does_not_hold_time_up) {
    sim::run({}, [] {
        const auto begin = corun::clock::now();
        corun::mutex m;
        corun::channel<int> c;
        auto owner = corun::spawn([&] {
            const auto held = corun::yield(m.lock());
            corun::yield(corun::sleep_for(1h));
            corun::yield(c.send(1));
        });
        corun::yield();
        auto locks = corun::spawn([&] { (void)corun::yield(m.lock()); });
        auto receives = corun::spawn([&] { (void)corun::yield(c.receive()); });
        corun::yield(locks.join());
        corun::yield(receives.join());
        corun::yield(owner.join());
        sim::require(corun::clock::now() - begin == 1h);
    });
}

BOOST_AUTO_TEST_SUITE_END()
