// Each program of the folder bugs/ has a classic bug, which check and explore must find within bounds; its corrected twin must pass
// under every schedule.
#include <corun/sim.hpp>

#include "bugs/abba.hpp"
#include "bugs/cancellation_keeps_permit.hpp"
#include "bugs/check_then_act.hpp"
#include "bugs/double_close.hpp"
#include "bugs/double_initialisation.hpp"
#include "bugs/exception_keeps_lock.hpp"
#include "bugs/lost_update.hpp"
#include "bugs/lost_wakeup.hpp"
#include "bugs/reused_barrier.hpp"
#include "bugs/stale_index.hpp"
#include "bugs/stolen_wakeup.hpp"
#include "bugs/timeout_races_completion.hpp"

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

namespace sim = corun::sim;

namespace {

using program = void (*)();

// Most need a run or two; the bounds leave room for programs and choices to change.
constexpr std::size_t seeds = 100, runs = 200, preemptions = 2;

void finds(program buggy, sim::failure_kind kind) {
    const auto by_chance = sim::check({.seeds = seeds, .run = {.throws = false}}, buggy);
    BOOST_TEST((by_chance.kind == kind), to_string(by_chance));
    const auto by_priority = sim::check({.seeds = seeds, .policy = sim::pct(3), .run = {.throws = false}}, buggy);
    BOOST_TEST((by_priority.kind == kind), to_string(by_priority));
    const auto by_trying = sim::explore({.preemptions = preemptions, .max_runs = runs, .run = {.throws = false}}, buggy);
    BOOST_TEST((by_trying.kind == kind), to_string(by_trying));
    BOOST_TEST_MESSAGE("check: " << by_chance.runs << ", pct(3): " << by_priority.runs << ", explore: " << by_trying.runs
                                 << " runs");
    BOOST_TEST((sim::replay(by_chance.schedule, buggy, {.throws = false}).kind == kind));
    BOOST_TEST((sim::replay(by_trying.schedule, buggy, {.throws = false}).kind == kind));
}

void passes(program corrected) {
    const auto r = sim::explore({.faults = sim::unlimited, .run = {.throws = false}}, corrected);
    BOOST_TEST(r.passed(), to_string(r));
    BOOST_TEST(r.exhausted);
    BOOST_TEST_MESSAGE(r.runs << " schedules");
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(bugs_found, corun_test::nothing_left)

#define CORUN_BUG(name, failure)                              \
    BOOST_AUTO_TEST_CASE(name) {                              \
        finds(bugs::name<false>, sim::failure_kind::failure); \
        passes(bugs::name<true>);                             \
    }

CORUN_BUG(abba, deadlock)
CORUN_BUG(cancellation_keeps_permit, deadlock)
CORUN_BUG(check_then_act, exception)
CORUN_BUG(double_close, exception)
CORUN_BUG(double_initialisation, exception)
CORUN_BUG(exception_keeps_lock, deadlock)
CORUN_BUG(lost_update, exception)
CORUN_BUG(lost_wakeup, deadlock)
CORUN_BUG(reused_barrier, deadlock)
CORUN_BUG(stale_index, exception)
CORUN_BUG(stolen_wakeup, exception)
CORUN_BUG(timeout_races_completion, exception)

BOOST_AUTO_TEST_SUITE_END()
