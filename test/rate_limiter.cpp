#include <corun/rate_limiter.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(rate_limiter, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_burst_passes_at_once_and_the_rest_at_the_rate) {
    corun::run([] {
        corun::rate_limiter limit{1000, 5};
        const auto begin = corun::clock::now();
        for (int i = 0; i < 5; ++i) BOOST_TEST(limit.try_acquire());
        for (int i = 0; i < 10; ++i) corun::yield(limit.acquire());
        BOOST_TEST((corun::clock::now() - begin >= 10ms));
    });
}

BOOST_AUTO_TEST_CASE(those_who_wait_are_served_in_their_order_whatever_they_ask_for) {
    corun::run([] {
        corun::rate_limiter limit{1000, 5};
        BOOST_TEST(limit.try_acquire(5));
        std::vector<int> order;
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 5; ++i)
            fibers.push_back(corun::spawn([&, i] {
                corun::yield(limit.acquire(5 - i));
                order.push_back(i);
            }));
        corun::yield();
        BOOST_TEST(!limit.try_acquire(0));
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(order == (std::vector<int>{0, 1, 2, 3, 4}));
    });
}

BOOST_AUTO_TEST_CASE(one_who_gives_up_takes_nothing_and_the_next_moves_up) {
    corun::run([] {
        corun::rate_limiter limit{0.001, 2};  // nothing flows in while this runs
        BOOST_TEST(limit.try_acquire(1));
        auto many = corun::spawn([&] { corun::yield(limit.acquire(2)); });
        auto one = corun::spawn([&] { corun::yield(limit.acquire(1)); });
        corun::yield();
        many.cancel();
        corun::yield(one.join());
        BOOST_CHECK_THROW(corun::yield(many.join()), corun::fiber_cancelled);
        BOOST_TEST(corun::yield(corun::select(limit.acquire(), corun::sleep_for(1ms))).index() == 1);
        BOOST_TEST(!limit.try_acquire());
    });
}

BOOST_AUTO_TEST_CASE(what_can_never_be_is_refused) {
    corun::rate_limiter limit{1, 5};
    BOOST_CHECK_THROW((void)limit.acquire(6), std::invalid_argument);
    BOOST_CHECK_THROW((void)limit.try_acquire(6), std::invalid_argument);
    BOOST_CHECK_THROW((void)limit.try_acquire(-1), std::invalid_argument);
    BOOST_CHECK_THROW((void)limit.acquire(std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
    BOOST_CHECK_THROW((corun::rate_limiter{0, 5}), std::invalid_argument);
    BOOST_CHECK_THROW((corun::rate_limiter{1, 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
