#include <corun/sim/run.hpp>

#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"
#include "support/simulated.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
namespace sim = corun::sim;
using namespace std::chrono_literals;
using corun_test::outcome;
using corun_test::says;

BOOST_FIXTURE_TEST_SUITE(simulated_run, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(one_seed_gives_one_order_and_others_give_others) {
    const auto order_under = [](std::uint64_t seed) {
        std::string order;
        order.reserve(64);
        sim::run({.seed = seed}, [&] {
            for (char name : {'a', 'b', 'c'})
                corun::spawn([&order, name] {
                    for (int i = 0; i != 5; ++i) {
                        order += name;
                        corun::yield();
                    }
                });
        });
        return order;
    };
    const std::string first = order_under(1);
    BOOST_TEST(first == order_under(1));
    int others = 0;
    for (std::uint64_t seed = 2; seed != 10; ++seed) others += order_under(seed) != first;
    BOOST_TEST(others > 4);
}

BOOST_AUTO_TEST_CASE(an_operation_that_is_ready_at_once_may_give_way) {
    bool ever = false, always = true;
    for (std::uint64_t seed = 0; seed != 20; ++seed)
        sim::run({.seed = seed}, [&] {
            bool other = false;
            auto sets_it = corun::spawn([&] { other = true; });
            corun::yield(corun_test::ready_value<int>{1});
            ever |= other;
            always &= other;
            corun::yield(sets_it.join());
        });
    BOOST_TEST(ever);
    BOOST_TEST(!always);
}

BOOST_AUTO_TEST_CASE(what_is_taken_away_in_the_turn_given_is_waited_for) {
    sim::explore({}, [] {
        corun_test::scripted op;
        op.is_ready = true;
        std::optional<corun::waker> waker;
        op.on_start = [&](corun::waker w) { waker = std::move(w); };
        auto taker = corun::spawn([&] {
            op.is_ready = false;
            corun::yield();
            op.is_ready = true;
            if (waker) waker->wake();
        });
        corun::yield(op);
        sim::require(op.is_ready, "its value is there");
        corun::yield(taker.join());
    });
}

BOOST_AUTO_TEST_CASE(a_runnable_fiber_gets_its_turn_whatever_the_schedule_says) {
    // PCT would run the one that yields for ever, if it has the higher priority.
    for (std::uint64_t seed = 0; seed != 20; ++seed)
        sim::run({.seed = seed, .policy = sim::pct(1)}, [] {
            bool stop = false;
            corun::spawn([&] { stop = true; });
            while (!stop) corun::yield();
        });
}

BOOST_AUTO_TEST_CASE(real_waiting_is_an_error_that_names_the_place) {
    const auto descriptor = outcome([] { corun::yield(corun::readable(0)); });
    BOOST_TEST((descriptor.kind == sim::failure_kind::exception));
    BOOST_TEST(says(descriptor, {"descriptor", "run.cpp:"}));
    const auto thread = outcome([] { corun::yield(corun::blocking([] { return 1; })); });
    BOOST_TEST((thread.kind == sim::failure_kind::exception));
    BOOST_TEST(says(thread, {"blocking", "run.cpp:"}));
    const auto timer = outcome([] {
        asio::steady_timer t{corun::this_fiber::executor(), 24h};
        corun::yield(t.async_wait(asio::deferred));
    });
    BOOST_TEST((timer.kind == sim::failure_kind::deadlock));
    BOOST_TEST(says(timer, {"async_wait (outside of the simulation", "run.cpp:"}));
}

BOOST_AUTO_TEST_CASE(blocking_functions_run_in_it_where_the_test_says_so) {
    const auto r = sim::run({.seed = 5, .blocking_delay = 10ms}, [] {
        const auto begin = corun::clock::now();
        sim::require(corun::yield(corun::blocking([] { return 42; })) == 42);
        sim::require(corun::clock::now() - begin <= 10ms);
        BOOST_CHECK_THROW(corun::yield(corun::blocking([] { throw std::out_of_range{"x"}; })), std::out_of_range);
        auto cancelled = corun::spawn([] { corun::yield(corun::blocking([] { sim::require(false); })); });
        corun::yield();
        cancelled.cancel();
    });
    BOOST_TEST((r.elapsed <= 20ms && r.elapsed > 0s));
}

BOOST_AUTO_TEST_CASE(functions_posted_to_the_scheduler_run) {
    sim::run({}, [] {
        corun_test::scripted op;
        op.on_start = [&](corun::waker w) {
            asio::post(corun::this_fiber::executor(), [&op, w] {
                op.is_ready = true;
                w.wake();
            });
        };
        corun::yield(op);
    });
}

BOOST_AUTO_TEST_CASE(numbers_of_fibers_are_those_of_the_run) {
    for (int i = 0; i != 2; ++i)
        sim::run({}, [] {
            sim::require(corun::this_fiber::id() == 1);
            auto a = corun::spawn([] { sim::require(corun::this_fiber::id() == 2); });
            sim::require(a.id() == 2);
            corun::yield(a.join());
        });
}

BOOST_AUTO_TEST_CASE(it_is_refused_on_a_fiber) {
    corun::run([] { BOOST_CHECK_THROW(sim::run({}, [] {}), corun::switch_forbidden); });
    BOOST_CHECK_THROW(sim::run({}, [] { sim::run({}, [] {}); }), corun::switch_forbidden);
}

BOOST_AUTO_TEST_SUITE_END()
