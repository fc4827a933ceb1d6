// Run by test_frameworks.py, one test at a time.
#include "programs.hpp"

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>  // Catch2 3, linked with its main()
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif

namespace sim = corun::sim;

TEST_CASE("passes") {
    sim::run({}, programs::adds_two<true>);
    sim::check({.seeds = 20}, programs::adds_two<true>);
    sim::explore({}, programs::adds_two<true>);
}

TEST_CASE("report_is_asserted_on") {
    CHECK(sim::explore({}, programs::adds_two<true>).exhausted);
    CHECK(sim::run({.throws = false}, programs::deadlock).kind == sim::failure_kind::deadlock);
    CHECK_THROWS_AS(sim::check({}, programs::adds_two<false>), sim::failure);
}

TEST_CASE("run_fails") { sim::run({.seed = 3}, programs::deadlock); }

TEST_CASE("check_fails") { sim::check({}, programs::adds_two<false>); }

TEST_CASE("explore_fails") { sim::explore({}, programs::adds_two<false>); }

TEST_CASE("assertion_in_the_body_fails") {
    sim::check({}, [] { REQUIRE(programs::sum_of_two<false>() == 2); });
}
