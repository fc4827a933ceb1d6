#include <corun/sim/fault.hpp>

#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <new>
#include <string>
#include <vector>

namespace sim = corun::sim;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(faults, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(outside_of_a_simulation_nothing_fails) {
    BOOST_TEST(!sim::fault("never", 1));
    corun::run([] { BOOST_TEST(!sim::fault("never", 1)); });
}

BOOST_AUTO_TEST_CASE(explore_tries_each_with_and_without_it) {
    int with = 0, without = 0;
    const auto r = sim::explore({}, [&] { ++(sim::fault("rare", 1e-9) ? with : without); });
    BOOST_TEST(r.runs == 2U);
    BOOST_TEST(with == 1);
    BOOST_TEST(without == 1);
}

BOOST_AUTO_TEST_CASE(explore_bounds_how_many_strike_in_a_run) {
    const auto runs = [](std::size_t most) {
        return sim::explore({.faults = most},
                            [] {
                                for (int i = 0; i != 4; ++i) (void)sim::fault("x", 0.5);
                            })
            .runs;
    };
    BOOST_TEST(runs(0) == 1U);
    BOOST_TEST(runs(1) == 5U);
    BOOST_TEST(runs(2) == 11U);
    BOOST_TEST(runs(sim::unlimited) == 16U);
}

BOOST_AUTO_TEST_CASE(explore_tries_every_outcome_of_a_choice) {
    std::string seen;
    seen.reserve(64);
    sim::explore({}, [&] { seen += static_cast<char>('0' + sim::choose(3) * 3 + sim::choose(3)); });
    BOOST_TEST(seen == "012345678");
    BOOST_CHECK_THROW((void)sim::choose(2), std::logic_error);
}

BOOST_AUTO_TEST_CASE(each_allocation_fails_in_turn) {
    if (!corun_test::can_fail_allocations()) return;
    std::size_t failed = 0;
    const auto r = sim::fail_nth(sim::point::allocation, [&] {
        try {
            auto value = std::make_unique<int>(1);
            auto f = corun::spawn([] { return std::make_unique<int>(2); });
            corun::yield(f.join());
        } catch (const std::bad_alloc&) {
            ++failed;
            throw;
        }
    });
    BOOST_TEST(r.passed());
    BOOST_TEST(r.runs >= 4U);
    BOOST_TEST(failed == r.runs - 1);
}

BOOST_AUTO_TEST_CASE(what_an_allocation_leaves_behind_is_found) {
    if (!corun_test::can_fail_allocations()) return;
    const auto r = sim::fail_nth(sim::point::allocation,
                                 [] {
                                     int held = 0;
                                     try {
                                         ++held;
                                         const auto value = std::make_unique<int>(1);
                                         asm volatile("" : : "r"(value.get()) : "memory");  // or the compiler would do without
                                         --held;
                                     } catch (const std::bad_alloc&) {
                                     }
                                     sim::require(held == 0, "given back");
                                 },
                                 {.throws = false});
    BOOST_TEST((r.kind == sim::failure_kind::exception));
    BOOST_TEST(r.runs == 1U);
}

BOOST_AUTO_TEST_CASE(each_stack_fails_in_turn) {
    int refused = 0;
    const auto r = sim::fail_nth(sim::point::stack, [&] {
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i != 3; ++i) fibers.push_back(corun::spawn([] { corun::yield(); }));
        for (auto& f : fibers) try {
                corun::yield(f.join());
            } catch (const corun::stack_unavailable&) {
                ++refused;
            }
    });
    BOOST_TEST(r.runs == 5U);  // the body's own, three, and the untouched run
    BOOST_TEST(refused == 3);
}

BOOST_AUTO_TEST_CASE(each_operation_fails_in_turn) {
    std::string order;
    order.reserve(64);
    const auto r = sim::fail_nth(sim::point::operation, [&] {
        for (int i = 0; i != 3; ++i) {
            boost::system::error_code ec;
            corun::yield(corun::sleep_for(1s), ec);
            order += ec ? 'x' : '.';
        }
        order += ' ';
    });
    BOOST_TEST(r.runs == 4U);
    BOOST_TEST(order == "x.. .x. ..x ... ");
}

BOOST_AUTO_TEST_SUITE_END()
