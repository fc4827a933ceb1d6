// Sleeps at the ends of the clock.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(endless_sleep, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(of_the_longest_durations_until_cancelled) {
    corun::run([] {
        auto never_back = [](auto sleep) {
            auto fiber = corun::spawn([sleep] { corun::yield(sleep()); });
            for (int i = 0; i != 3; ++i) corun::yield(corun::sleep_for(1ms));
            BOOST_TEST(!fiber.done());
            fiber.cancel();
            BOOST_CHECK_THROW(corun::yield(fiber.join()), corun::fiber_cancelled);
        };
        never_back([] { return corun::sleep_for(std::chrono::steady_clock::duration::max()); });
        never_back([] { return corun::sleep_for(std::chrono::hours::max()); });
        never_back([] { return corun::sleep_for(std::chrono::duration<double>{1e300}); });
        never_back([] { return corun::sleep_until(corun::clock::time_point::max()); });
        never_back([] { return corun::sleep_for(std::chrono::steady_clock::duration::max() - 1ns); });
    });
}

BOOST_AUTO_TEST_CASE(of_nothing_and_less_end_at_once) {
    corun::run([] {
        corun::yield(corun::sleep_for(0s));
        corun::yield(corun::sleep_for(-1h));
        corun::yield(corun::sleep_for(std::chrono::hours::min()));
        corun::yield(corun::sleep_until(corun::clock::time_point::min()));
    });
}

BOOST_AUTO_TEST_SUITE_END()
