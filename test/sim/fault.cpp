#include <corun/sim/fault.hpp>

#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <stdexcept>
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

BOOST_AUTO_TEST_CASE(failing_allocations_need_an_operator_new_that_fails) {
    try {
        sim::fail_nth(sim::point::allocation, [] {});
        BOOST_TEST(false);
    } catch (const std::logic_error& e) {
        for (const char* part : {"<corun/sim/failing_new.hpp>", "fault.cpp:"})
            BOOST_TEST((std::string{e.what()}.find(part) != std::string::npos), e.what());
    }
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
