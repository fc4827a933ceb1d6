#include <corun/wait_group.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

BOOST_FIXTURE_TEST_SUITE(wait_group, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(waits_until_all_that_was_added_is_done_and_again) {
    corun::run([] {
        corun::wait_group all;
        int done = 0;
        for (int round = 1; round <= 2; ++round) {
            for (int i = 0; i < 5; ++i) {
                all.add();
                corun::spawn([&] {
                    corun::yield();
                    ++done;
                    all.done();
                });
            }
            corun::yield(all.wait());
            BOOST_TEST(done == 5 * round);
        }
    });
}

BOOST_AUTO_TEST_CASE(who_was_let_through_stays_so) {
    corun::run([] {
        corun::wait_group all;
        all.add();
        auto waiting = corun::spawn([&] { corun::yield(all.wait()); });
        corun::yield();
        all.done();
        all.add();
        corun::yield(waiting.join());
        BOOST_TEST(!all.try_wait());
    });
}

BOOST_AUTO_TEST_CASE(more_done_than_added_is_refused) {
    corun::run([] {
        corun::wait_group all;
        BOOST_CHECK_THROW(all.done(), std::logic_error);
        corun::yield(all.wait());
    });
}

BOOST_AUTO_TEST_SUITE_END()
