#include <corun/latch.hpp>

#include <corun/concurrent_latch.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

BOOST_FIXTURE_TEST_SUITE(latch, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(opens_at_zero_and_stays_open) {
    corun::run([] {
        corun::latch l{3};
        auto waiting = corun::spawn([&] { corun::yield(l.wait()); });
        l.count_down(2);
        corun::yield();
        BOOST_TEST(!waiting.done());
        BOOST_TEST(!l.try_wait());
        l.count_down();
        corun::yield(waiting.join());
        corun::yield(l.wait());
        BOOST_TEST(l.try_wait());
    });
}

BOOST_AUTO_TEST_CASE(below_zero_is_refused) {
    corun::run([] {
        corun::latch l{1};
        BOOST_CHECK_THROW(l.count_down(2), std::logic_error);
        BOOST_TEST(!l.try_wait());
        l.count_down();
        BOOST_CHECK_THROW(l.count_down(), std::logic_error);
    });
}

BOOST_AUTO_TEST_CASE(it_does_not_count_from_below_zero) {
    BOOST_CHECK_THROW(corun::latch{-1}, std::invalid_argument);
    BOOST_CHECK_THROW(corun::concurrent_latch{-1}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
