// Joining a fiber that has not begun: it goes ahead of the others, which have their turn all the same.
#include <corun/fiber.hpp>

#include <corun/all.hpp>
#include <corun/operation.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_FIXTURE_TEST_SUITE(fiber_order, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(one_that_has_not_begun_goes_ahead_of_the_others_when_it_is_joined) {
    std::string order;
    corun::run([&] {
        corun::spawn([&] { order += 'c'; });
        auto joined = corun::spawn([&] { order += 'a'; });
        corun::yield(joined.join());
        order += 'b';
    });
    BOOST_TEST(order == "abc");
}

BOOST_AUTO_TEST_CASE(spawning_and_joining_for_ever_keeps_nobody_from_running) {
    corun::run([&] {
        bool others_ran = false;
        corun::spawn([&] {
            for (int turns = 0; turns != 3; ++turns) corun::yield();
            others_ran = true;
        });
        while (!others_ran) corun::yield(corun::spawn([] {}).join());
        BOOST_TEST(others_ran);
    });
}

BOOST_AUTO_TEST_CASE(a_fiber_that_ends_before_the_places_of_those_that_went_ahead_is_followed_by_the_next) {
    std::string order;
    corun::run([&] {
        corun::fiber<> all[5];
        for (int i = 0; i != 5; ++i) all[i] = corun::spawn([&order, i] { order += static_cast<char>('0' + i); });
        for (const int i : {1, 2, 3}) corun::yield(all[i].join());
        for (const auto& each : all) corun::yield(each.join());
    });
    BOOST_TEST(order == "12304");
}

BOOST_AUTO_TEST_CASE(one_that_two_join_before_it_begins_goes_ahead_once) {
    std::string order;
    struct spawns_another {  // where the one that is joined stood in the queue
        std::string& order;
        bool started = false;
        [[nodiscard]] bool ready() const { return started; }
        void start(const corun::waker&) {
            started = true;
            corun::spawn([&written = order] { written += 'c'; });
        }
        [[nodiscard]] bool cancel() { return true; }
        void get() const {}
    };
    corun::run([&] {
        corun::spawn([&] { order += 'a'; });
        auto joined = corun::spawn([&] { order += 'b'; });
        corun::yield(corun::all(joined.wait(), spawns_another{order}, joined.wait()));
        corun::yield();
    });
    BOOST_TEST(order == "bac");
}

BOOST_AUTO_TEST_SUITE_END()
