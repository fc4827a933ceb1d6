#include <corun/semaphore.hpp>

#include <corun/concurrent_semaphore.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(semaphore, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(no_more_than_the_permits_are_inside) {
    corun::run([] {
        corun::semaphore permits{3};
        int inside = 0, most = 0;
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 10; ++i)
            fibers.push_back(corun::spawn([&] {
                corun::yield(permits.acquire());
                most = std::max(most, ++inside);
                corun::yield();
                --inside;
                permits.release();
            }));
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(most == 3);
        BOOST_TEST(permits.permits() == 3);
    });
}

BOOST_AUTO_TEST_CASE(who_asks_for_many_is_not_overtaken) {
    corun::run([] {
        corun::semaphore permits{1};
        std::string order;
        auto many = corun::spawn([&] {
            corun::yield(permits.acquire(3));
            order += 'm';
        });
        auto few = corun::spawn([&] {
            corun::yield(permits.acquire());
            order += 'f';
        });
        corun::yield();
        BOOST_TEST(!permits.try_acquire());
        permits.release(2);
        corun::yield();
        BOOST_TEST(order == "m");
        permits.release();
        corun::yield(few.join());
        BOOST_TEST(order == "mf");
    });
}

BOOST_AUTO_TEST_CASE(one_who_asks_for_many_and_gives_up_lets_the_others_pass) {
    corun::run([] {
        corun::semaphore permits{1};
        auto many = corun::spawn([&] { corun::yield(permits.acquire(3)); });
        auto losing =
            corun::spawn([&] { BOOST_TEST(corun::yield(corun::select(permits.acquire(3), corun::sleep_for(1ms))).index() == 1); });
        auto few = corun::spawn([&] { corun::yield(permits.acquire()); });
        corun::yield();
        many.cancel();
        corun::yield(few.join());
        BOOST_CHECK_THROW(corun::yield(many.join()), corun::fiber_cancelled);
        BOOST_TEST(losing.done());
    });
}

BOOST_AUTO_TEST_CASE(numbers_below_zero_are_refused_and_change_nothing) {
    corun::run([] {
        BOOST_CHECK_THROW(corun::semaphore{-1}, std::invalid_argument);
        BOOST_CHECK_THROW(corun::concurrent_semaphore{-1}, std::invalid_argument);
        corun::semaphore plain{1};
        corun::concurrent_semaphore shared{1};
        BOOST_CHECK_THROW((void)plain.acquire(-1), std::invalid_argument);
        BOOST_CHECK_THROW((void)plain.try_acquire(-1), std::invalid_argument);
        BOOST_CHECK_THROW(plain.release(-1), std::invalid_argument);
        BOOST_CHECK_THROW((void)shared.acquire(-1), std::invalid_argument);
        BOOST_CHECK_THROW((void)shared.try_acquire(-1), std::invalid_argument);
        BOOST_CHECK_THROW(shared.release(-1), std::invalid_argument);
        BOOST_TEST(plain.permits() == 1);
        BOOST_TEST(shared.permits() == 1);
    });
}

BOOST_AUTO_TEST_SUITE_END()
