// What a simulated run leaves behind.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"
#include "support/simulated.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace sim = corun::sim;
using namespace std::chrono_literals;
using corun_test::outcome;
using corun_test::says;

namespace {

void wait_for_nothing() {
    corun_test::scripted op;
    corun::yield(op);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(simulated_leftovers, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_fiber_left_behind_is_named) {
    BOOST_TEST((outcome([] { corun::spawn([] { corun::yield(); }); }).passed()));
    const auto asleep = outcome([] { corun::spawn({.name = "sleeper"}, [] { corun::yield(corun::sleep_for(1s)); }); });
    BOOST_TEST((asleep.kind == sim::failure_kind::fibers_left));
    BOOST_TEST(says(asleep, {"'sleeper' (#2) waits in sleep at leftovers.cpp:"}));
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

BOOST_AUTO_TEST_SUITE_END()
