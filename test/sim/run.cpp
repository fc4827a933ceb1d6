#include <corun/sim/run.hpp>

#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace sim = corun::sim;
using namespace std::chrono_literals;

namespace {

sim::report outcome(void (*body)()) { return sim::run({.throws = false}, body); }

bool says(const sim::report& r, std::initializer_list<const char*> all) {
    for (const char* text : all)
        if (r.what.find(text) == std::string::npos) {
            BOOST_TEST_MESSAGE(r.what);
            return false;
        }
    return true;
}

void wait_for_nothing() {
    corun_test::scripted op;
    corun::yield(op);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(simulated_run, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(an_hour_of_sleeps_takes_no_time) {
    int woke = 0;
    const auto began = std::chrono::steady_clock::now();
    const auto r = sim::run({}, [&] {
        const auto begin = corun::clock::now();
        for (int i = 0; i != 3600; ++i) {
            corun::yield(corun::sleep_for(1s));
            ++woke;
        }
        sim::require(corun::clock::now() - begin == 1h);
    });
    BOOST_TEST(woke == 3600);
    BOOST_TEST((r.elapsed == 1h));
    BOOST_TEST((std::chrono::steady_clock::now() - began < 1h));
}

BOOST_AUTO_TEST_CASE(time_stands_still_while_anything_is_runnable) {
    sim::run({.seed = 3}, [] {
        const auto begin = corun::clock::now();
        auto busy = corun::spawn([&] {
            for (int i = 0; i != 1000; ++i) {
                corun::yield();
                sim::require(corun::clock::now() == begin);
            }
        });
        auto asleep = corun::spawn([&busy] {
            corun::yield(corun::sleep_for(1ns));
            sim::require(busy.done());
        });
        corun::yield(busy.join());
        corun::yield(asleep.join());
    });
}

BOOST_AUTO_TEST_CASE(outside_of_a_simulation_the_clock_is_the_steady_one) {
    const auto before = std::chrono::steady_clock::now();
    const auto now = corun::clock::now();
    BOOST_TEST((before <= now && now <= std::chrono::steady_clock::now()));
    sim::run({}, [&] { sim::require(corun::clock::now() - now != 0s); });
}

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

BOOST_AUTO_TEST_CASE(what_the_body_throws_leaves_it) {
    BOOST_CHECK_THROW(sim::run({}, [] { throw std::out_of_range{"x"}; }), std::out_of_range);
    BOOST_CHECK_THROW(sim::run({},
                               [] {
                                   auto f = corun::spawn([] {
                                       corun::yield(corun::sleep_for(1h));
                                       throw 5;
                                   });
                                   corun::yield(f.join());
                               }),
                      int);
    BOOST_TEST(static_cast<int>(outcome([] { throw 1; }).kind) == static_cast<int>(sim::failure_kind::exception));
}

BOOST_AUTO_TEST_CASE(a_failure_that_nobody_receives_fails_the_run) {
    const auto r = outcome([] { corun::spawn({.name = "loser"}, [] { throw std::out_of_range{"lost"}; }); });
    BOOST_TEST((r.kind == sim::failure_kind::unhandled));
    BOOST_TEST(says(r, {"'loser' (#2)", "lost", "run.cpp"}));
}

BOOST_AUTO_TEST_CASE(a_deadlock_says_who_waits_for_whom_and_where) {
    const auto r = outcome([] {
        corun::event never;
        auto b = corun::spawn({.name = "b"}, [&never] { corun::yield(never.wait()); });
        auto a = corun::spawn({.name = "a"}, [&b] { corun::yield(b.join()); });
        corun::yield(a.join());
    });
    BOOST_TEST((r.kind == sim::failure_kind::deadlock));
    BOOST_TEST(says(r, {"'main' (#1) waits in join of 'a' (#3) at run.cpp:", "'a' (#3) waits in join of 'b' (#2)", "'b' (#2) waits in"}));
}

BOOST_AUTO_TEST_CASE(a_cycle_of_joins_fails_the_join_that_closes_it) {
    const auto r = outcome([] {
        corun::fiber<> b;
        auto a = corun::spawn({.name = "a"}, [&b] { corun::yield(b.join()); });
        b = corun::spawn({.name = "b"}, [&a] { corun::yield(a.join()); });
        corun::yield(a.join());
    });
    BOOST_TEST((r.kind == sim::failure_kind::exception));
    BOOST_CHECK_THROW(std::rethrow_exception(r.error), corun::deadlock);
}

BOOST_AUTO_TEST_CASE(a_fiber_left_behind_is_named) {
    BOOST_TEST((outcome([] { corun::spawn([] { corun::yield(); }); }).passed()));
    const auto asleep = outcome([] { corun::spawn({.name = "sleeper"}, [] { corun::yield(corun::sleep_for(1s)); }); });
    BOOST_TEST((asleep.kind == sim::failure_kind::fibers_left));
    BOOST_TEST(says(asleep, {"'sleeper' (#2) waits in sleep at run.cpp:"}));
    const auto waits = outcome([] { corun::spawn({.name = "waiter"}, wait_for_nothing); });
    BOOST_TEST((waits.kind == sim::failure_kind::fibers_left));
    BOOST_TEST(says(waits, {"'waiter' (#2) waits in scripted at"}));
    BOOST_TEST(sim::run({.fibers_may_be_left = true}, [] { corun::spawn(wait_for_nothing); }).passed());
}

BOOST_AUTO_TEST_CASE(what_is_left_is_cancelled_and_runs_to_its_end) {
    int unwound = 0;
    struct at_end {
        int& count;
        ~at_end() { ++count; }
    };
    const auto r = sim::run({.throws = false}, [&] {
        for (int i = 0; i != 3; ++i)
            corun::spawn([&] {
                const at_end guard{unwound};
                corun::yield(corun::sleep_for(corun::clock::duration::max()));
            });
        const at_end guard{unwound};
        wait_for_nothing();
    });
    BOOST_TEST((r.kind == sim::failure_kind::deadlock));
    BOOST_TEST(unwound == 4);
}

BOOST_AUTO_TEST_CASE(what_is_left_ends_before_what_it_may_refer_to) {
    std::string order;
    order.reserve(8);
    struct at_end {
        std::string& order;
        char name;
        ~at_end() { order += name; }
    };
    const auto sleep = [&order](char name) {
        const at_end guard{order, name};
        corun::yield(corun::sleep_for(corun::clock::duration::max()));
    };
    (void)sim::run({.throws = false}, [&] {
        corun::spawn([&] {
            corun::spawn([&] { sleep('c'); });
            sleep('b');
        });
        corun::yield(corun::sleep_for(1s));
        corun::spawn([&] { order += '!'; });
        sleep('a');
    });
    BOOST_TEST(order == "!cba");
    order.clear();
    (void)sim::run({.throws = false}, [&] {
        corun::spawn([&] { order += '!'; });
        throw 1;
    });
    BOOST_TEST(order.empty());
}

BOOST_AUTO_TEST_CASE(a_yield_inside_no_yield_fails_also_where_it_is_caught) {
    const auto r = outcome([] {
        const corun::no_yield guard{"the books are open"};
        try {
            corun::yield();
        } catch (const corun::switch_forbidden&) {
        }
    });
    BOOST_TEST((r.kind == sim::failure_kind::forbidden_switch));
    BOOST_TEST(says(r, {"the books are open", "run.cpp:"}));
}

BOOST_AUTO_TEST_CASE(a_run_without_end_is_ended) {
    const auto r = sim::run({.max_steps = 1000, .throws = false}, [] {
        for (;;) corun::yield();
    });
    BOOST_TEST((r.kind == sim::failure_kind::too_long));
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

BOOST_AUTO_TEST_CASE(starvation_beyond_the_bound_is_reported) {
    const auto body = [] {
        corun_test::scripted op;
        std::optional<corun::waker> waker;
        op.on_start = [&](corun::waker w) { waker = std::move(w); };
        auto waiter = corun::spawn({.name = "poor"}, [&] { corun::yield(op); });
        for (int i = 0; i != 500; ++i) corun::yield();
        op.is_ready = true;
        if (waker) waker->wake();
        corun::yield(waiter.join());
    };
    BOOST_TEST(sim::run({}, body).passed());
    const auto r = sim::run({.starvation = 100, .throws = false}, body);
    BOOST_TEST((r.kind == sim::failure_kind::starvation));
    BOOST_TEST(says(r, {"'poor' (#2)", "in scripted at run.cpp:"}));
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

BOOST_AUTO_TEST_CASE(the_report_has_the_trace) {
    const auto r = outcome([] {
        auto a = corun::spawn({.name = "a"}, [] { corun::yield(corun::sleep_for(1500ms)); });
        corun::yield(a.join());
        throw std::out_of_range{"the end"};
    });
    const std::string text = to_string(r);
    for (const char* part : {"the end", "corun::sim::replay(\"0/",
                             "'a' (#2) from run.cpp:", "waits in sleep at run.cpp:", "1.500000 s", "'main' (#1) from run.cpp:"})
        BOOST_TEST((text.find(part) != std::string::npos), part << " is in " << text);
}

BOOST_AUTO_TEST_CASE(a_long_trace_is_cut_in_the_middle) {
    const auto r = outcome([] {
        for (int i = 0; i != 1'000; ++i) corun::yield(corun::sleep_for(1s));
        throw std::out_of_range{"the end"};
    });
    BOOST_TEST((std::count(r.trace.begin(), r.trace.end(), '\n') == 201));
    for (const char* part : {" 0.000000 s", " 99.000000 s", "… 801 turns …", " 901.000000 s", " 1000.000000 s"})
        BOOST_TEST((r.trace.find(part) != std::string::npos), part << " is in " << r.trace);
    BOOST_TEST((r.trace.find(" 100.000000 s") == std::string::npos));
    BOOST_TEST((r.trace.find(" 901.000000 s") < r.trace.find(" 902.000000 s")));
}

BOOST_AUTO_TEST_SUITE_END()
