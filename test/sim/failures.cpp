// What fails a simulated run, and what is said of it.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"
#include "support/simulated.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

namespace sim = corun::sim;
using namespace std::chrono_literals;
using corun_test::outcome;
using corun_test::says;

BOOST_FIXTURE_TEST_SUITE(simulated_failures, corun_test::nothing_left)

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
    BOOST_TEST(says(r, {"'loser' (#2)", "lost", "failures.cpp"}));
}

BOOST_AUTO_TEST_CASE(a_deadlock_says_who_waits_for_whom_and_where) {
    const auto r = outcome([] {
        corun::event never;
        auto b = corun::spawn({.name = "b"}, [&never] { corun::yield(never.wait()); });
        auto a = corun::spawn({.name = "a"}, [&b] { corun::yield(b.join()); });
        corun::yield(a.join());
    });
    BOOST_TEST((r.kind == sim::failure_kind::deadlock));
    BOOST_TEST(says(
        r, {"'main' (#1) waits in join of 'a' (#3) at failures.cpp:", "'a' (#3) waits in join of 'b' (#2)", "'b' (#2) waits in"}));
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

BOOST_AUTO_TEST_CASE(a_yield_inside_no_yield_fails_also_where_it_is_caught) {
    const auto r = outcome([] {
        const corun::no_yield guard{"the books are open"};
        try {
            corun::yield();
        } catch (const corun::switch_forbidden&) {
        }
    });
    BOOST_TEST((r.kind == sim::failure_kind::forbidden_switch));
    BOOST_TEST(says(r, {"the books are open", "failures.cpp:"}));
}

BOOST_AUTO_TEST_CASE(a_run_without_end_is_ended) {
    const auto r = sim::run({.max_steps = 1000, .throws = false}, [] {
        for (;;) corun::yield();
    });
    BOOST_TEST((r.kind == sim::failure_kind::too_long));
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
    BOOST_TEST(says(r, {"'poor' (#2)", "in scripted at failures.cpp:"}));
}

BOOST_AUTO_TEST_CASE(the_report_has_the_trace) {
    const auto r = outcome([] {
        auto a = corun::spawn({.name = "a"}, [] { corun::yield(corun::sleep_for(1500ms)); });
        corun::yield(a.join());
        throw std::out_of_range{"the end"};
    });
    const std::string text = to_string(r);
    for (const char* part : {"the end", "corun::sim::replay(\"0/", "'a' (#2) from failures.cpp:", "waits in sleep at failures.cpp:",
                             "1.500000 s", "'main' (#1) from failures.cpp:"})
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

BOOST_AUTO_TEST_CASE(failures_that_nobody_receives_are_borne_where_the_test_says_so) {
    const auto r = sim::run({.failures_may_be_unhandled = true}, [] {
        corun::spawn({.name = "loser"}, [] { throw std::out_of_range{"lost"}; });
        corun::yield(corun::with_group({.failure = corun::isolate}, [](corun::group& g) { g.spawn([] { throw 1; }); }));
    });
    BOOST_TEST(r.passed());
    BOOST_TEST((r.trace.find("a failure that nobody receives") != std::string::npos), r.trace);
}

BOOST_AUTO_TEST_SUITE_END()
