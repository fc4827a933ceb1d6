// with_timeout, with_deadline, move_on_after.
#include <corun/timeout.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/token.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// Parks until cancelled.
const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

}  // namespace

BOOST_FIXTURE_TEST_SUITE(timeout, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(an_operation_that_ends_in_time_gives_its_value) {
    corun::run([] {
        auto child = corun::spawn([] { return 42; });
        BOOST_TEST(corun::yield(corun::with_timeout(1h, child.join())) == 42);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_that_is_late_throws_timed_out) {
    corun::run([] {
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1ms, corun::sleep_for(1h))), corun::timed_out);
        corun::yield();  // and the fiber is not cancelled
    });
}

BOOST_AUTO_TEST_CASE(the_message_names_the_fiber_the_block_and_the_line_that_waited) {
    unsigned block = 0, waited = 0;
    std::string what;
    corun::run(
        [&] {
            try {
                block = std::source_location::current().line() + 1;
                corun::yield(corun::with_timeout(1ms, [&] {
                    waited = std::source_location::current().line() + 1;
                    corun::yield(corun::sleep_for(1h));
                }));
            } catch (const corun::timed_out& e) {
                what = e.what();
            }
        },
        {.name = "patient"});
    BOOST_TEST(what.find("'patient'") != std::string::npos, what);
    BOOST_TEST(what.find("block of " __FILE__ ":" + std::to_string(block)) != std::string::npos, what);
    BOOST_TEST(what.ends_with("waiting at " __FILE__ ":" + std::to_string(waited)), what);
}

BOOST_AUTO_TEST_CASE(a_body_returns_its_value_or_throws_its_own_exception) {
    corun::run([] {
        BOOST_TEST(corun::yield(corun::with_timeout(1h, [] { return std::string{"done"}; })) == "done");
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1h, [] { throw std::runtime_error{"own"}; })), std::runtime_error);
    });
}

BOOST_AUTO_TEST_CASE(a_late_body_is_cancelled_at_its_yields_for_its_deadline_until_it_leaves) {
    corun::run([] {
        int thrown = 0;
        auto body = [&] {
            for (int i = 0; i != 3; ++i) {
                try {
                    corun::yield(corun::sleep_for(1h));
                } catch (const corun::cancelled& c) {
                    BOOST_TEST((c.reason() == corun::cancel_reason::deadline));
                    ++thrown;
                }
            }
            corun::yield();
        };
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1ms, body)), corun::timed_out);
        BOOST_TEST(thrown == 3);
    });
}

BOOST_AUTO_TEST_CASE(a_body_that_ends_with_a_value_although_it_was_late_returns_it) {
    corun::run([] {
        auto body = [] {
            BOOST_CHECK_THROW(wait_for_ever(), corun::cancelled);
            return 7;
        };
        BOOST_TEST(corun::yield(corun::with_timeout(1ms, body)) == 7);
    });
}

BOOST_AUTO_TEST_CASE(the_time_that_runs_out_after_the_last_yield_changes_nothing) {
    corun::run([] {
        const auto busy_past = [] {
            while (corun::clock::now() < corun::this_fiber::deadline()) {
            }
            return 1;
        };
        BOOST_TEST(corun::yield(corun::with_timeout(2ms, busy_past)) == 1);
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(with_no_time_at_all_what_is_ready_has_its_value_and_nothing_is_waited_for) {
    corun::run([] {
        auto ended = corun::spawn([] { return 3; });
        corun::yield();
        BOOST_TEST(corun::yield(corun::with_timeout(0s, ended.join())) == 3);
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(0s, corun::sleep_for(1h))), corun::timed_out);
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(-1s, [] { corun::yield(); })), corun::timed_out);
        BOOST_TEST(corun::yield(corun::with_timeout(0s, [] { return 4; })) == 4);
    });
}

BOOST_AUTO_TEST_CASE(expiry_in_the_same_turn_as_completion_gives_the_value) {
    corun::run([] {
        const auto time = corun::clock::now() + 2ms;
        // Both timers expire in one batch; the sleep was set after the deadline, so its scope is cancelled before it is woken.
        corun::yield(corun::with_deadline(time, corun::sleep_until(time)));
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(for_ever_is_for_ever) {
    corun::run([] {
        const auto deadline_inside = [] { return corun::this_fiber::deadline(); };
        BOOST_TEST(
            (corun::yield(corun::with_timeout(corun::clock::duration::max(), deadline_inside)) == corun::clock::time_point::max()));
        BOOST_TEST(
            (corun::yield(corun::with_timeout(std::chrono::hours::max(), deadline_inside)) == corun::clock::time_point::max()));
        BOOST_TEST((corun::yield(corun::with_deadline(corun::clock::time_point::max(), deadline_inside)) ==
                    corun::clock::time_point::max()));
    });
}

BOOST_AUTO_TEST_CASE(an_operation_that_cannot_be_withdrawn_is_awaited_and_its_value_kept) {
    corun::run([] {
        corun_test::scripted op;
        std::optional<corun::waker> waiting;
        op.on_start = [&](corun::waker w) { waiting = std::move(w); };
        op.on_cancel = [&] {
            op.is_ready = true;
            waiting->wake();
            return false;
        };
        BOOST_TEST(corun::yield(corun::with_timeout(1ms, op)) == 5);
        BOOST_TEST(op.calls == "start;cancel;get;");
        waiting.reset();
    });
}

BOOST_AUTO_TEST_CASE(of_asio_operations_coroutines_and_tokens) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 24h};
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1ms, timer.async_wait(asio::deferred))), corun::timed_out);
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1ms, [&] { timer.async_wait(corun::yield); })), corun::timed_out);
        BOOST_CHECK_THROW(
            corun::yield(corun::with_timeout(
                1ms, [](asio::steady_timer& t) -> asio::awaitable<void> { co_await t.async_wait(asio::use_awaitable); }(timer))),
            corun::timed_out);
    });
}

BOOST_AUTO_TEST_CASE(with_ec_it_is_reported_as_timed_out) {
    corun::run([] {
        boost::system::error_code ec;
        corun::yield(corun::with_timeout(1ms, corun::sleep_for(1h)), ec);
        BOOST_TEST((ec == asio::error::timed_out));
        BOOST_TEST(corun::yield(corun::with_timeout(1h, [] { return 5; }), ec) == 5);
        BOOST_TEST(!ec);
    });
}

BOOST_AUTO_TEST_CASE(moving_on_is_an_empty_value_or_false) {
    corun::run([] {
        auto child = corun::spawn([] { return 42; });
        BOOST_TEST(corun::yield(corun::move_on_after(1h, child.join())).value() == 42);
        BOOST_TEST(corun::yield(corun::move_on_after(1h, [] {})));
        BOOST_TEST(!corun::yield(corun::move_on_after(1ms, wait_for_ever)));
        const auto late = [] {
            wait_for_ever();
            return 1;
        };
        BOOST_TEST(!corun::yield(corun::move_on_after(1ms, late)).has_value());
        BOOST_TEST(!corun::yield(corun::move_on_at(corun::clock::now(), wait_for_ever)));
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(a_loop_of_timeouts_is_not_taken_for_a_swallowed_cancellation) {
    corun::run([] {
        for (int i = 0; i != 300; ++i) BOOST_TEST(!corun::yield(corun::move_on_after(0s, [] { corun::yield(); })));
        auto child = corun::spawn(wait_for_ever);
        corun::yield();
        child.cancel();
        BOOST_CHECK_THROW(corun::yield(child.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(one_that_does_not_fire_allocates_nothing) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        const auto once = [] { corun::yield(corun::with_timeout(1h, [] { corun::yield(); })); };
        once();
        const std::size_t before = corun_test::allocations_made();
        for (int i = 0; i != 100; ++i) once();
        const std::size_t made = corun_test::allocations_made() - before;
        BOOST_TEST(made == 0u);
    });
}

BOOST_AUTO_TEST_SUITE_END()
