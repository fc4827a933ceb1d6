// with_timeout and with_deadline within each other, within shields, and in fibers that are cancelled.
#include <corun/timeout.hpp>

#include <corun/run.hpp>
#include <corun/shield.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace {

// Parks until cancelled.
const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

}  // namespace

BOOST_FIXTURE_TEST_SUITE(timeout_nested, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(nested_the_earliest_counts_and_only_the_one_that_fired_throws) {
    corun::run([] {
        bool inner_threw = false;
        const auto outer_first = [&] {
            try {
                corun::yield(corun::with_timeout(1h, wait_for_ever));
            } catch (const corun::timed_out&) {
                inner_threw = true;
            }
        };
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1ms, outer_first)), corun::timed_out);
        BOOST_TEST(!inner_threw);

        bool went_on = false;
        const auto inner_first = [&] {
            BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1ms, wait_for_ever)), corun::timed_out);
            corun::yield();
            went_on = true;
        };
        corun::yield(corun::with_timeout(1h, inner_first));
        BOOST_TEST(went_on);
    });
}

BOOST_AUTO_TEST_CASE(where_both_fired_the_outer_one_throws) {
    corun::run([] {
        const auto time = corun::clock::now() + 1ms;
        bool inner_threw = false;
        const auto inner = [&] {
            try {
                corun::yield(corun::with_deadline(time, wait_for_ever));
            } catch (const corun::timed_out&) {
                inner_threw = true;
            }
        };
        BOOST_CHECK_THROW(corun::yield(corun::with_deadline(time, inner)), corun::timed_out);
        BOOST_TEST(!inner_threw);
    });
}

BOOST_AUTO_TEST_CASE(the_deadline_of_a_fiber_is_the_earliest_of_its_blocks) {
    corun::run([] {
        BOOST_TEST((corun::this_fiber::deadline() == corun::clock::time_point::max()));
        const auto late = corun::clock::now() + 2h, early = corun::clock::now() + 1h;
        corun::yield(corun::with_deadline(early, [&] {
            corun::yield(corun::with_deadline(late, [&] { BOOST_TEST((corun::this_fiber::deadline() == early)); }));
            corun::yield(corun::with_shield(1s, [&] {
                BOOST_TEST((corun::this_fiber::deadline() == corun::clock::time_point::max()));
                corun::yield(corun::with_deadline(late, [&] { BOOST_TEST((corun::this_fiber::deadline() == late)); }));
            }));
        }));
    });
}

BOOST_AUTO_TEST_CASE(cancelling_the_fiber_is_no_timeout) {
    corun::run([] {
        auto child = corun::spawn([] { corun::yield(corun::with_timeout(1h, wait_for_ever)); });
        corun::yield();
        child.cancel();
        BOOST_CHECK_THROW(corun::yield(child.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(in_a_cancelled_fiber_the_block_does_not_begin) {
    corun::run([] {
        auto child = corun::spawn([] {
            BOOST_CHECK_THROW(wait_for_ever(), corun::cancelled);
            bool began = false;
            BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1h, [&] { began = true; })), corun::cancelled);
            BOOST_TEST(!began);
        });
        corun::yield();
        child.cancel();
        corun::yield(child.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
