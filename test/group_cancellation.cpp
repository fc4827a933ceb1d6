// Groups: what comes of a cancellation, of a child or from outside.
#include <corun/group.hpp>

#include <corun/event.hpp>
#include <corun/run.hpp>
#include <corun/shield.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/timeout.hpp>
#include <corun/token.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <vector>

namespace asio = boost::asio;
using asio::cancellation_type;
using corun_test::pass_turns;
using namespace std::chrono_literals;

namespace {

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

}  // namespace

BOOST_FIXTURE_TEST_SUITE(group_cancellation, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_child_that_is_cancelled_by_its_handle_has_not_failed) {
    corun::run([] {
        bool sibling_ended = false;
        corun::yield(corun::with_group([&](corun::group& g) {
            auto child = g.spawn(wait_for_ever);
            g.spawn([&] {
                corun::yield(corun::sleep_for(1ms));
                sibling_ended = true;
            });
            corun::yield();
            child.cancel();
        }));
        BOOST_TEST(sibling_ended);
    });
}

BOOST_AUTO_TEST_CASE(one_that_is_cancelled_by_its_handle_while_it_waits_for_its_turn_ends_without_room) {
    corun::run([] {
        bool last_began = false;
        corun::yield(corun::with_group({.max_concurrency = 1}, [&](corun::group& g) {
            auto first = g.spawn(wait_for_ever);
            auto second = g.spawn([] { BOOST_ERROR("it began"); });
            auto third = g.spawn([] { BOOST_ERROR("it began"); });
            g.spawn([&] { last_began = true; });
            corun::yield();
            third.cancel();  // not the next one
            for (int i = 0; i != 3; ++i) corun::yield();
            BOOST_TEST((third.status() == corun::fiber_status::cancelled));
            BOOST_TEST(!second.done());
            second.cancel();
            for (int i = 0; i != 3; ++i) corun::yield();
            BOOST_TEST((second.status() == corun::fiber_status::cancelled));
            BOOST_TEST(!last_began);
            first.cancel();
        }));
        BOOST_TEST(last_began);
    });
}

BOOST_AUTO_TEST_CASE(a_shutdown_that_ends_the_children_first_is_thrown_on_too) {
    for (const bool inside_a_timeout : {false, true}) {
        bool went_on = false, was_cancelled = false;
        {
            boost::asio::io_context io;
            corun::spawn(io, [&] {
                try {
                    const auto group = [] { return corun::with_group([](corun::group& g) { g.spawn([] { wait_for_ever(); }); }); };
                    if (inside_a_timeout)
                        corun::yield(corun::with_timeout(1h, group()));
                    else
                        corun::yield(group());
                    went_on = true;
                } catch (const corun::cancelled& c) {
                    was_cancelled = c.reason() == corun::cancel_reason::shutdown;
                    throw;
                }
            });
            while (io.poll() != 0) {
            }
        }
        BOOST_TEST(!went_on);
        BOOST_TEST(was_cancelled);
    }
}

BOOST_AUTO_TEST_CASE(a_cancellation_from_outside_is_thrown_on_after_the_children_and_a_failure_in_its_place) {
    corun::run([] {
        for (const bool child_fails : {false, true}) {
            bool unwound = false;
            auto parent = corun::spawn([&] {
                corun::yield(corun::with_group([&](corun::group& g) {
                    g.spawn([&] {
                        try {
                            wait_for_ever();
                        } catch (const corun::cancelled& c) {
                            BOOST_TEST((c.reason() == corun::cancel_reason::requested));
                            unwound = true;
                            if (child_fails) throw std::runtime_error{"while it unwound"};
                            throw;
                        }
                    });
                }));
            });
            corun::yield();
            corun::yield();
            parent.cancel();
            if (child_fails)
                BOOST_CHECK_THROW(corun::yield(parent.join()), std::runtime_error);
            else
                BOOST_CHECK_THROW(corun::yield(parent.join()), corun::fiber_cancelled);
            BOOST_TEST(unwound);
        }
    });
}

BOOST_AUTO_TEST_CASE(interrupted_where_every_child_ended_by_itself_completion_wins) {
    corun::run([] {
        bool returned = false;
        auto parent = corun::spawn([&] {
            corun::yield(corun::with_group([](corun::group& g) {
                g.spawn([] {
                    try {
                        wait_for_ever();
                    } catch (const corun::cancelled&) {  // it chooses to end
                    }
                });
            }));
            returned = true;
            corun::yield();
            BOOST_ERROR("the fiber is cancelled");
        });
        corun::yield();
        corun::yield();
        parent.cancel();
        BOOST_CHECK_THROW(corun::yield(parent.join()), corun::fiber_cancelled);
        BOOST_TEST(returned);
    });
}

BOOST_AUTO_TEST_CASE(completion_wins_also_where_a_child_was_cancelled_by_its_handle_before) {
    corun::run([] {
        bool returned = false;
        corun::event done;
        auto parent = corun::spawn([&] {
            const int value = corun::yield(corun::with_group([&](corun::group& g) {
                auto child = g.spawn(wait_for_ever);
                g.spawn([&] { corun::yield(corun::with_shield(1h, done.wait())); });
                corun::yield();
                child.cancel();
                return 42;
            }));
            returned = value == 42;
        });
        for (int i = 0; i != 5; ++i) corun::yield();
        parent.cancel();
        corun::yield();
        done.set();
        corun::yield(parent.wait());
        BOOST_TEST(returned);
    });
}

BOOST_AUTO_TEST_CASE(the_signal_of_a_slot_asks_what_children_wait_for_no_harder_than_it_says) {
    using types = std::vector<cancellation_type>;
    corun::run([] {
        corun_test::asked operation;
        operation.heeds = cancellation_type::terminal;
        asio::cancellation_signal signal;
        bool ended = false;
        corun::spawn(
            corun::this_fiber::executor(),
            [&] {
                corun::yield(corun::with_group([&](corun::group& g) { g.spawn([&] { (void)operation.wait(corun::yield); }); }));
            },
            asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended = true; }));
        pass_turns();
        signal.emit(cancellation_type::total);
        pass_turns();
        BOOST_TEST((operation.types == types{cancellation_type::total}));
        signal.emit(cancellation_type::partial);
        pass_turns();
        BOOST_TEST((operation.types == types{cancellation_type::total, cancellation_type::partial}));
        BOOST_TEST(!ended);
        signal.emit(cancellation_type::terminal);
        while (!ended) corun::yield(corun::sleep_for(1ms));
        BOOST_TEST((operation.types == types{cancellation_type::total, cancellation_type::partial, cancellation_type::terminal}));
    });
}

BOOST_AUTO_TEST_SUITE_END()
