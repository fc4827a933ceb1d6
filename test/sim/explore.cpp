#include <corun/sim.hpp>

#include <corun.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace sim = corun::sim;
using namespace std::chrono_literals;

namespace {

// Fibers that take so many turns each, and write down whose turn it was.
auto turns(int fibers, int each, std::string& order) {
    return [=, &order] {
        order.clear();
        for (int f = 0; f != fibers; ++f)
            corun::spawn([=, &order] {
                order += static_cast<char>('a' + f);
                for (int turn = 1; turn != each; ++turn) {
                    corun::yield();
                    order += static_cast<char>('a' + f);
                }
            });
    };
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(exploring, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(every_interleaving_is_run_once) {
    std::string order;
    std::multiset<std::string> seen;
    const auto r = sim::explore({}, [&] {
        if (!order.empty()) seen.insert(order);  // of the last run
        turns(2, 3, order)();
    });
    seen.insert(order);
    BOOST_TEST(r.runs == 20U);  // 6! / (3! 3!)
    BOOST_TEST(r.exhausted);
    BOOST_TEST(seen.size() == 20U);
    BOOST_TEST((std::set<std::string>{seen.begin(), seen.end()}.size() == 20U));
}

BOOST_AUTO_TEST_CASE(three_fibers_of_five_turns_have_756756_schedules) {
#if defined(CORUN_SANITIZED)  // a switch takes a hundred times as long
    constexpr int each = 3;
    constexpr std::size_t schedules = 1680;
#else
    constexpr int each = 5;
    constexpr std::size_t schedules = 756'756;
#endif
    std::string order;
    order.reserve(16);
    const auto r = sim::explore({}, turns(3, each, order));
    BOOST_TEST(r.runs == schedules);
    BOOST_TEST(r.exhausted);
}

BOOST_AUTO_TEST_CASE(with_a_reduction_turns_that_share_nothing_are_tried_in_one_order) {
    const auto r = sim::explore({.reduction = sim::reduction::all_state_is_marked}, [] {
        for (int f = 0; f != 3; ++f)
            corun::spawn([] {
                for (int turn = 1; turn != 5; ++turn) corun::yield();
            });
    });
    BOOST_TEST(r.exhausted);
    BOOST_TEST(r.runs - r.redundant == 1U);
    BOOST_TEST(r.runs < 300U);
}

BOOST_AUTO_TEST_CASE(with_a_reduction_turns_that_share_a_variable_are_tried_in_both_orders) {
    const auto body = [] {
        corun::shared<int> sum{0};
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i != 2; ++i)
            fibers.push_back(corun::spawn([&] {
                const int read = sum;
                corun::yield();
                sum = read + 1;
            }));
        for (auto& f : fibers) corun::yield(f.join());
        sim::require(sum == 2, "all were counted");
    };
    BOOST_CHECK_THROW(sim::explore({.reduction = sim::reduction::all_state_is_marked}, body), sim::failure);
}

BOOST_AUTO_TEST_CASE(only_reading_commutes) {
    const auto runs = [](bool writes) {
        const auto r = sim::explore({.reduction = sim::reduction::all_state_is_marked}, [=] {
            auto sum = std::make_shared<corun::shared<int>>(0);
            for (int i = 0; i != 3; ++i)
                corun::spawn([=] {
                    if (writes)
                        ++*sum;
                    else
                        (void)sum->read();
                });
        });
        return r.runs - r.redundant;
    };
    BOOST_TEST(runs(false) == 1U);
    BOOST_TEST(runs(true) == 6U);
}

BOOST_AUTO_TEST_CASE(a_reduction_and_a_bound_of_preemptions_exclude_each_other) {
    BOOST_CHECK_THROW(sim::explore({.preemptions = 2, .reduction = sim::reduction::all_state_is_marked}, [] {}),
                      std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(preemptions_are_bounded) {
    std::string order;
    order.reserve(16);
    const auto runs = [&](std::size_t preemptions) {
        const auto r = sim::explore({.preemptions = preemptions}, turns(2, 3, order));
        BOOST_TEST(r.exhausted);
        return r.runs;
    };
    BOOST_TEST(runs(0) == 2U);   // aaabbb, bbbaaa
    BOOST_TEST(runs(1) == 6U);   // and abbbaa, aabbba, baaabb, bbaaab
    BOOST_TEST(runs(sim::unlimited) == 20U);
}

BOOST_AUTO_TEST_CASE(what_is_cut_is_not_exhausted) {
    const auto r = sim::explore({.max_steps = 20}, [] {
        bool stop = false;
        corun::spawn([&] { stop = true; });
        while (!stop) corun::yield();
    });
    BOOST_TEST(r.cut > 0U);
    BOOST_TEST(!r.exhausted);
    BOOST_TEST(!sim::explore({.max_runs = 3}, [] {
                    for (int i = 0; i != 3; ++i) corun::spawn([] {});
                }).exhausted);
}

BOOST_AUTO_TEST_CASE(one_who_waits_by_yielding_ends_where_turns_are_fair) {
    const auto r = sim::explore({.run = {.patience = 5}}, [] {
        bool stop = false;
        corun::spawn([&] { stop = true; });
        while (!stop) corun::yield();
    });
    BOOST_TEST(r.exhausted);
}

BOOST_AUTO_TEST_CASE(a_deadlock_in_one_schedule_is_found_and_can_be_replayed) {
    const auto body = [] {
        bool ready = false, parked = false;
        std::optional<corun::waker> waker;
        corun_test::scripted op;  // forgets a wake that comes before it waits
        op.on_start = [&](corun::waker w) {
            waker = std::move(w);
            parked = true;
        };
        auto waits = corun::spawn([&] {
            if (ready) return;
            corun::yield();
            corun::yield(op);
        });
        auto wakes = corun::spawn([&] {
            ready = true;
            if (parked) {
                op.is_ready = true;
                waker->wake();
            }
        });
        corun::yield(waits.join());
        corun::yield(wakes.join());
    };
    const auto r = sim::explore({.run = {.throws = false}}, body);
    BOOST_TEST((r.kind == sim::failure_kind::deadlock));
    BOOST_TEST((sim::replay(r.schedule, body, {.throws = false}).kind == sim::failure_kind::deadlock));
}

BOOST_AUTO_TEST_CASE(a_run_that_leaves_its_path_is_nondeterminism) {
    int runs = 0;
    const auto r = sim::explore({.run = {.throws = false}}, [&] {
        const int fibers = ++runs == 4 ? 3 : 2;
        for (int i = 0; i != fibers; ++i) corun::spawn([] { corun::yield(); });
    });
    BOOST_TEST((r.kind == sim::failure_kind::nondeterminism));
}

BOOST_AUTO_TEST_CASE(timers_of_one_time_wake_in_every_order) {
    std::set<std::string> seen;
    std::string order;
    order.reserve(8);
    const auto r = sim::explore({}, [&] {
        if (!order.empty()) seen.insert(order);
        order.clear();
        for (char name : {'a', 'b', 'c'})
            corun::spawn([&order, name, until = corun::clock::now() + 1s] {
                corun::yield(corun::sleep_until(until));
                order += name;
            });
        corun::yield(corun::sleep_for(2s));
    });
    seen.insert(order);
    BOOST_TEST(r.exhausted);
    BOOST_TEST(seen.size() == 6U);
}

BOOST_AUTO_TEST_CASE(memory_does_not_grow_with_the_number_of_schedules) {
    std::size_t runs = 0, before = 0, after = 0;
    std::string order;
    order.reserve(16);
    const auto body = turns(3, 3, order);
    const auto r = sim::explore({}, [&] {
        body();
        if (++runs == 100) before = corun_test::live_allocations();
        if (runs == 1'680) after = corun_test::live_allocations();
    });
    BOOST_TEST(r.runs == 1'680U);
    BOOST_TEST(before == after);
}

BOOST_AUTO_TEST_SUITE_END()
