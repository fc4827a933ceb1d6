// with_shield.
#include <corun/shield.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/timeout.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace std::chrono_literals;

namespace {

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

// Spawns a fiber, lets it come to its first wait, cancels it, and joins it. True: it ended by its cancellation.
template <class Body>
bool cancelled_while_it_waits(Body body) {
    auto child = corun::spawn(body);
    corun::yield();
    child.cancel();
    try {
        corun::yield(child.join());
    } catch (const corun::fiber_cancelled&) {
        return true;
    }
    return false;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(shield, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(outer_cancellation_waits_and_shows_after_the_block) {
    corun::run([] {
        bool finished = false;
        BOOST_TEST(cancelled_while_it_waits([&] {
            corun::yield(corun::with_shield(1h, [&] {
                for (int i = 0; i != 10; ++i) corun::yield(corun::sleep_for(100us));
                BOOST_TEST(!corun::this_fiber::cancelled());
                finished = true;
            }));
            BOOST_TEST(corun::this_fiber::cancelled());
            corun::yield();
            BOOST_ERROR("the yield after the shield did not throw");
        }));
        BOOST_TEST(finished);
    });
}

BOOST_AUTO_TEST_CASE(its_value_is_returned_although_the_fiber_is_cancelled) {
    corun::run([] {
        int value = 0;
        BOOST_TEST(!cancelled_while_it_waits([&] {
            value = corun::yield(corun::with_shield(1h, [] {
                corun::yield();
                return 3;
            }));
        }));
        BOOST_TEST(value == 3);
    });
}

BOOST_AUTO_TEST_CASE(around_an_operation) {
    corun::run([] {
        int value = 0;
        auto slow = corun::spawn([] {
            corun::yield(corun::sleep_for(1ms));
            return 8;
        });
        BOOST_TEST(!cancelled_while_it_waits([&] { value = corun::yield(corun::with_shield(1h, slow.join())); }));
        BOOST_TEST(value == 8);
    });
}

BOOST_AUTO_TEST_CASE(when_its_grace_is_over_the_cancellation_shows_inside) {
    corun::run([] {
        bool interrupted = false;
        BOOST_TEST(cancelled_while_it_waits([&] {
            corun::yield(corun::with_shield(1ms, [&] {
                try {
                    wait_for_ever();
                } catch (const corun::cancelled& c) {
                    interrupted = c.reason() == corun::cancel_reason::requested;
                    throw;
                }
            }));
        }));
        BOOST_TEST(interrupted);
    });
}

BOOST_AUTO_TEST_CASE(without_a_cancellation_its_grace_does_not_run) {
    corun::run([] {
        corun::yield(corun::with_shield(0s, [] {
            for (int i = 0; i != 3; ++i) corun::yield(corun::sleep_for(100us));
            BOOST_TEST((corun::this_fiber::deadline() == corun::clock::time_point::max()));
        }));
    });
}

BOOST_AUTO_TEST_CASE(of_no_grace_shields_from_nothing) {
    corun::run([] {
        BOOST_TEST(cancelled_while_it_waits([] { corun::yield(corun::with_shield(0s, wait_for_ever)); }));
        BOOST_TEST(cancelled_while_it_waits([] { corun::yield(corun::with_shield(-1s, wait_for_ever)); }));
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_fiber_may_enter_it_to_clean_up_and_its_grace_counts_from_there) {
    corun::run([] {
        bool cleaned = false, interrupted = false;
        BOOST_TEST(cancelled_while_it_waits([&] {
            try {
                wait_for_ever();
            } catch (...) {
                corun::yield(corun::with_shield(1h, [&] {
                    BOOST_TEST((corun::this_fiber::deadline() < corun::clock::now() + 2h));
                    corun::yield(corun::sleep_for(1ms));
                    cleaned = true;
                }));
                try {
                    corun::yield(corun::with_shield(1ms, wait_for_ever));
                } catch (const corun::cancelled&) {
                    interrupted = true;
                }
                throw;
            }
        }));
        BOOST_TEST(cleaned);
        BOOST_TEST(interrupted);
    });
}

BOOST_AUTO_TEST_CASE(timeouts_inside_work_and_timeouts_outside_wait) {
    corun::run([] {
        bool inner = false, finished = false;
        const auto shielded = [&] {
            inner = !corun::yield(corun::move_on_after(1ms, wait_for_ever));
            while (corun::clock::now() < corun::this_fiber::deadline() && !finished) {
                corun::yield(corun::sleep_for(1ms));
                finished = true;
            }
        };
        const auto outer = [&] {
            corun::yield(corun::with_shield(1h, shielded));
            corun::yield();
        };
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(100us, outer)), corun::timed_out);
        BOOST_TEST(inner);
        BOOST_TEST(finished);
    });
}

BOOST_AUTO_TEST_CASE(one_inside_another_each_has_its_own_grace) {
    corun::run([] {
        bool inner_ended = false;
        BOOST_TEST(cancelled_while_it_waits([&] {
            corun::yield(corun::with_shield(1ms, [&] {
                corun::yield(corun::with_shield(1h, [&] {
                    for (int i = 0; i != 5; ++i) corun::yield(corun::sleep_for(1ms));  // beyond the outer one's grace
                    inner_ended = true;
                }));
                corun::yield();
                BOOST_ERROR("the outer shield's grace is over");
            }));
        }));
        BOOST_TEST(inner_ended);
    });
}

BOOST_AUTO_TEST_CASE(what_it_throws_passes) {
    corun::run([] {
        BOOST_CHECK_THROW(corun::yield(corun::with_shield(1s, [] { throw std::runtime_error{"own"}; })), std::runtime_error);
    });
}

BOOST_AUTO_TEST_CASE(the_end_of_the_context_waits_for_it_as_long_as_its_grace) {
    bool finished = false, interrupted = false;
    corun::run([&] {
        corun::spawn([&] {
            corun::yield(corun::with_shield(1h, [&] {
                corun::yield(corun::sleep_for(1ms));
                finished = true;
            }));
        });
        corun::spawn([&] {
            try {
                corun::yield(corun::with_shield(1ms, wait_for_ever));
            } catch (const corun::cancelled& c) {
                interrupted = c.reason() == corun::cancel_reason::shutdown;
                throw;
            }
        });
        corun::yield();
    });
    BOOST_TEST(finished);
    BOOST_TEST(interrupted);
}

BOOST_AUTO_TEST_CASE(is_refused_inside_no_yield_and_off_fibers) {
    const auto shielded = [] { corun::yield(corun::with_shield(1s, [] {})); };
    BOOST_CHECK_THROW(shielded(), corun::not_in_fiber);
    corun::run([&] {
        const corun::no_yield guard{"counting"};
        BOOST_CHECK_THROW(shielded(), corun::switch_forbidden);
    });
}

BOOST_AUTO_TEST_SUITE_END()
