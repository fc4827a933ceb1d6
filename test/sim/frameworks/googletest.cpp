// Run by test_frameworks.py, one test at a time.
#include "programs.hpp"

#include <gtest/gtest.h>

namespace sim = corun::sim;

// GoogleTest's assertions take note of a failure and go on or return; inside of simulations they shall throw.
class throwing_in_simulations : public testing::EmptyTestEventListener {
    void OnTestPartResult(const testing::TestPartResult& result) override {
        if (result.failed() && sim::is_simulated()) throw testing::AssertionException{result};
    }
};

TEST(simulation, passes) {
    sim::run({}, programs::adds_two<true>);
    sim::check({.seeds = 20}, programs::adds_two<true>);
    sim::explore({}, programs::adds_two<true>);
}

TEST(simulation, report_is_asserted_on) {
    EXPECT_TRUE(sim::explore({}, programs::adds_two<true>).exhausted);
    EXPECT_EQ(sim::run({.throws = false}, programs::deadlock).kind, sim::failure_kind::deadlock);
    EXPECT_THROW(sim::check({}, programs::adds_two<false>), sim::failure);
}

TEST(simulation, run_fails) { sim::run({.seed = 3}, programs::deadlock); }

TEST(simulation, check_fails) { sim::check({}, programs::adds_two<false>); }

TEST(simulation, explore_fails) { sim::explore({}, programs::adds_two<false>); }

TEST(simulation, assertion_in_the_body_fails) {
    testing::UnitTest::GetInstance()->listeners().Append(new throwing_in_simulations);
    sim::check({}, [] { EXPECT_EQ(programs::sum_of_two<false>(), 2); });
}
