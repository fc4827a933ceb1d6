// Run by test_frameworks.py, one test at a time.
#define BOOST_TEST_MODULE simulation
#include "programs.hpp"

#include <boost/test/unit_test.hpp>

namespace sim = corun::sim;

BOOST_AUTO_TEST_CASE(passes) {
    sim::run({}, programs::adds_two<true>);
    sim::check({.seeds = 20}, programs::adds_two<true>);
    sim::explore({}, programs::adds_two<true>);
}

BOOST_AUTO_TEST_CASE(report_is_asserted_on) {
    BOOST_TEST(sim::explore({}, programs::adds_two<true>).exhausted);
    BOOST_TEST((sim::run({.throws = false}, programs::deadlock).kind == sim::failure_kind::deadlock));
    BOOST_CHECK_THROW(sim::check({}, programs::adds_two<false>), sim::failure);
}

BOOST_AUTO_TEST_CASE(run_fails) { sim::run({.seed = 3}, programs::deadlock); }

BOOST_AUTO_TEST_CASE(check_fails) { sim::check({}, programs::adds_two<false>); }

BOOST_AUTO_TEST_CASE(explore_fails) { sim::explore({}, programs::adds_two<false>); }

BOOST_AUTO_TEST_CASE(assertion_in_the_body_fails) {
    sim::check({}, [] { BOOST_REQUIRE_EQUAL(programs::sum_of_two<false>(), 2); });
}
