#include <corun/barrier.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <vector>

BOOST_FIXTURE_TEST_SUITE(barrier, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(nobody_is_a_phase_ahead_and_one_of_each_phase_is_the_last) {
    corun::run([] {
        corun::barrier b{4};
        std::vector<int> phase(4, 0);
        int lasts = 0;
        std::vector<corun::fiber<>> fibers;
        for (std::size_t i = 0; i < 4; ++i)
            fibers.push_back(corun::spawn([&, i] {
                for (int p = 0; p < 10; ++p) {
                    for (const int other : phase) BOOST_TEST((other == p || other == p + 1));
                    ++phase[i];
                    for (std::size_t k = 0; k < i; ++k) corun::yield();
                    if (corun::yield(b.arrive_and_wait())) {
                        ++lasts;
                        for (const int other : phase) BOOST_TEST(other == p + 1);
                    }
                }
            }));
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(lasts == 10);
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_arrival_does_not_count) {
    corun::run([] {
        corun::barrier b{2};
        auto gone = corun::spawn([&] { (void)corun::yield(b.arrive_and_wait()); });
        corun::yield();
        gone.cancel();
        BOOST_CHECK_THROW(corun::yield(gone.join()), corun::fiber_cancelled);
        auto one = corun::spawn([&] { return corun::yield(b.arrive_and_wait()); });
        corun::yield();
        BOOST_TEST(!one.done());
        BOOST_TEST(corun::yield(b.arrive_and_wait()));
        BOOST_TEST(!corun::yield(one.join()));
    });
}

BOOST_AUTO_TEST_CASE(who_drops_out_is_needed_no_longer) {
    corun::run([] {
        corun::barrier b{2};
        auto one = corun::spawn([&] { return corun::yield(b.arrive_and_wait()); });
        corun::yield();
        b.arrive_and_drop();
        BOOST_TEST(corun::yield(one.join()));
        BOOST_TEST(corun::yield(b.arrive_and_wait()));
    });
}

BOOST_AUTO_TEST_CASE(it_is_for_somebody) {
    BOOST_CHECK_THROW(corun::barrier{0}, std::invalid_argument);
    BOOST_CHECK_THROW(corun::barrier{-3}, std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(of_a_phase_that_a_drop_ends_who_came_last_is_the_last) {
    corun::run([] {
        corun::barrier b{3};
        auto first = corun::spawn([&] { return corun::yield(b.arrive_and_wait()); });
        auto second = corun::spawn([&] { return corun::yield(b.arrive_and_wait()); });
        corun::yield();
        b.arrive_and_drop();
        BOOST_TEST(!corun::yield(first.join()));
        BOOST_TEST(corun::yield(second.join()));
    });
}

BOOST_AUTO_TEST_CASE(no_more_can_drop_out_than_take_part) {
    corun::run([] {
        corun::barrier b{1};
        b.arrive_and_drop();
        BOOST_CHECK_THROW(b.arrive_and_drop(), std::logic_error);
    });
}

BOOST_AUTO_TEST_SUITE_END()
