#include <corun/sim/check.hpp>

#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace sim = corun::sim;
using namespace std::chrono_literals;

namespace {

// Two of several fibers must add at the same time for an update to be lost; the others are there to make the schedule long.
void lost_update() {
    int sum = 0;
    std::vector<corun::fiber<>> fibers;
    for (int i = 0; i != 4; ++i)
        fibers.push_back(corun::spawn([&] {
            for (int k = 0; k != 3; ++k) corun::yield();
            const int read = sum;
            corun::yield();
            sum = read + 1;
        }));
    for (auto& f : fibers) corun::yield(f.join());
    sim::require(sum == 4, "all were counted");
}

sim::report found_in(const sim::check_options& options, void (*body)()) {
    sim::check_options quiet = options;
    quiet.run.throws = false;
    return sim::check(quiet, body);
}

std::size_t deviations(const std::string& schedule) {
    return static_cast<std::size_t>(std::count(schedule.begin(), schedule.end(), '='));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checking, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_body_that_never_fails_passes_as_often_as_was_asked) {
    int calls = 0;
    const auto r = sim::check({.seeds = 50}, [&] {
        ++calls;
        auto f = corun::spawn([] { corun::yield(corun::sleep_for(1s)); });
        corun::yield(f.join());
    });
    BOOST_TEST(r.passed());
    BOOST_TEST(r.runs == 50U);
    BOOST_TEST(calls == 100);  // each is repeated
}

BOOST_AUTO_TEST_CASE(a_failure_is_thrown_with_seed_schedule_and_trace) {
    try {
        sim::check({}, lost_update);
        BOOST_TEST(false);
    } catch (const sim::failure& f) {
        BOOST_TEST((f.details().kind == sim::failure_kind::exception));
        const std::string text = f.what();
        for (const auto& part : {std::string{"all were counted"}, "seed " + std::to_string(f.details().seed),
                                 "replay(\"" + f.details().schedule, std::string{"from check.cpp:"}})
            BOOST_TEST((text.find(part) != std::string::npos), part << " is in " << text);
    }
}

BOOST_AUTO_TEST_CASE(the_schedule_is_shortened_to_what_is_needed) {
    const auto r = found_in({}, lost_update);
    const auto long_one = found_in({.shrink = 0}, lost_update);
    BOOST_TEST(deviations(long_one.schedule) > 4U);
    BOOST_TEST(deviations(r.schedule) == 1U, r.schedule);
}

BOOST_AUTO_TEST_CASE(a_schedule_repeats_its_run) {
    const auto r = found_in({.shrink = 0}, lost_update);
    const auto again = sim::replay(r.schedule, lost_update, {.throws = false});
    BOOST_TEST((again.kind == r.kind));
    BOOST_TEST(again.schedule == r.schedule);
    BOOST_TEST(again.steps == sim::replay(again.schedule, lost_update, {.throws = false}).steps);
    BOOST_TEST(again.trace_hash == r.trace_hash);
    BOOST_CHECK_THROW(sim::replay(r.schedule, lost_update), sim::failure);
    BOOST_CHECK_THROW(sim::replay("what?", lost_update), std::invalid_argument);
    BOOST_CHECK_THROW(sim::replay("1/2=", lost_update), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(priorities_find_what_chance_hardly_does) {
    // One fiber must run to its end, of many turns, before the other begins: of depth 1.
    const auto body = [] {
        bool done = false;
        auto late = corun::spawn([&] {
            for (int i = 0; i != 30; ++i) corun::yield();
            done = true;
        });
        auto early = corun::spawn([&] { sim::require(!done); });
        corun::yield(early.join());
        corun::yield(late.join());
    };
    BOOST_TEST(sim::check({.seeds = 100}, body).passed());
    const auto r = sim::check({.seeds = 100, .policy = sim::pct(1), .run = {.throws = false}}, body);
    BOOST_TEST(!r.passed());
}

BOOST_AUTO_TEST_CASE(what_the_last_run_left_is_nondeterminism) {
    static int runs;
    runs = 0;
    const auto r = found_in({}, [] {
        if (++runs % 2 == 0) corun::yield();
        corun::yield();
    });
    BOOST_TEST((r.kind == sim::failure_kind::nondeterminism));
}

BOOST_AUTO_TEST_CASE(the_order_of_addresses_is_nondeterminism) {
    const auto r = found_in({.seeds = 100}, [] {
        std::vector<std::unique_ptr<int>> values;
        std::set<int*> in_order;
        for (int i = 0; i != 8; ++i) {
            values.push_back(std::make_unique<int>(i));
            in_order.insert(values.back().get());
        }
        for (const int* v : in_order)
            for (int i = 0; i != *v; ++i) {
                corun::yield(corun::sleep_for(1ns * *v));
            }
    });
    if (corun_test::counts_allocations())  // a sanitizer's allocator gives no address twice
        BOOST_TEST((r.kind == sim::failure_kind::nondeterminism));
}

struct stop {};

BOOST_AUTO_TEST_CASE(what_is_no_standard_exception_is_reported_as_any_other) {
    try {
        sim::check({}, [] { throw stop{}; });
        BOOST_TEST(false);
    } catch (const sim::failure& f) {
        BOOST_CHECK_THROW(std::rethrow_exception(f.details().error), stop);
        for (const char* part : {"an exception of type", "stop", "replay(\"1/\"", "its turns"})
            BOOST_TEST((std::string{f.what()}.find(part) != std::string::npos), part << " is in " << f.what());
    }
    const auto text = found_in({}, [] { throw "out of paper"; });
    BOOST_TEST((text.what.find("out of paper") != std::string::npos), text.what);
}

BOOST_AUTO_TEST_CASE(memory_does_not_grow_with_the_number_of_runs) {
    std::size_t before = 0, after = 0, runs = 0;
    sim::check({.seeds = 2'000, .repeat = false}, [&] {
        auto a = corun::spawn({.name = "a name that no small string holds"}, [] { corun::yield(); });
        corun::yield(a.join());
        if (++runs == 1'000) before = corun_test::live_allocations();
        if (runs == 2'000) after = corun_test::live_allocations();
    });
    BOOST_TEST(before == after);
}

BOOST_AUTO_TEST_CASE(faults_that_are_not_needed_drop_out) {
    const auto body = [] {
        int struck = 0;
        for (int i = 0; i != 10; ++i) struck += sim::fault("disk full", 0.5) ? 1 : 0;
        sim::require(struck < 3, "two are borne");
    };
    const auto r = sim::check({.run = {.throws = false}}, body);
    BOOST_TEST((r.kind == sim::failure_kind::exception));
    BOOST_TEST(deviations(r.schedule) == 3U, r.schedule);
    BOOST_TEST((r.trace.find("disk full") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(another_clock_is_nondeterminism) {
    const auto r = found_in({.seeds = 100}, [] {
        for (auto turns = std::chrono::steady_clock::now().time_since_epoch().count() % 101; turns != 0; --turns) corun::yield();
    });
    BOOST_TEST((r.kind == sim::failure_kind::nondeterminism));
}

BOOST_AUTO_TEST_SUITE_END()
