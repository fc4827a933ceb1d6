// Blocks that run a body in the calling fiber, under every schedule.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/explored.hpp"
#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace sim = corun::sim;
using namespace std::chrono_literals;
using corun_test::end_of;
using corun_test::in_every_schedule;

BOOST_FIXTURE_TEST_SUITE(blocks_explored, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_groups_first_failure_cancels_the_rest_and_all_have_ended) {
    bool ran_through = false, was_cut = false;
    in_every_schedule([&] {
        int inside = 0;
        bool done = false;
        try {
            corun::yield(corun::with_group([&](corun::group& g) {
                g.spawn([&] {
                    const corun_test::counted here{inside};
                    corun::yield();
                    throw std::runtime_error{"first"};
                });
                g.spawn([&] {
                    const corun_test::counted here{inside};
                    corun::yield();
                    corun::yield();
                    done = true;
                });
            }));
            sim::require(false, "the failure is thrown");
        } catch (const std::runtime_error&) {
        }
        sim::require(inside == 0, "no child outlives the group");
        (done ? ran_through : was_cut) = true;
    });
    BOOST_TEST(ran_through);
    BOOST_TEST(was_cut);
}

BOOST_AUTO_TEST_CASE(a_timeout_and_a_completion_of_the_same_time) {
    std::size_t in_time = 0, too_late = 0;
    in_every_schedule([&] {
        corun_test::scripted op;
        std::optional<corun::waker> waker;
        op.on_start = [&](corun::waker w) { waker = std::move(w); };
        auto completer = corun::spawn([&] {
            corun::yield(corun::sleep_for(1s));
            op.is_ready = true;
            if (waker) waker->wake();
        });
        auto waiter = corun::spawn([&] {
            try {
                sim::require(corun::yield(corun::with_timeout(1s, op)) == 5);
                ++in_time;
                sim::require(op.is_ready);
            } catch (const corun::timed_out&) {
                ++too_late;
                sim::require(op.calls.find("get;") == std::string::npos, "no value is lost");
            }
        });
        corun::yield(waiter.join());
        corun::yield(completer.join());
    });
    BOOST_TEST(in_time > 0U);
    BOOST_TEST(too_late > 0U);
}

BOOST_AUTO_TEST_CASE(a_shield_holds_back_a_cancellation_until_its_end) {
    in_every_schedule([] {
        bool closed = false;
        auto f = corun::spawn([&] {
            corun::yield(corun::with_shield(1h, [&] {
                corun::yield();
                closed = true;
            }));
            corun::yield();
        });
        auto canceller = corun::spawn([&] {
            corun::yield();
            f.cancel();
        });
        const char end = end_of(f);
        sim::require(closed || end == 'c');
        corun::yield(canceller.join());
    });
}

BOOST_AUTO_TEST_CASE(a_supervised_child_that_returns_is_started_anew_and_ended_with_the_others) {
    in_every_schedule([] {
        int lives = 0;
        const auto life = [&] {
            corun::yield();
            if (++lives == 2) corun::yield(corun::sleep_for(24h));
        };
        const corun::child again{.name = "again", .function = life};
        const corun::child ends{.name = "ends", .function = [] {}, .restart = corun::restart::temporary};
        sim::require(!corun::yield(corun::move_on_after(1s, corun::supervise({}, again, ends))));
        sim::require(lives == 2);
    });
}

BOOST_AUTO_TEST_CASE(a_stop_token_ends_a_body_or_comes_too_late) {
    in_every_schedule([] {
        std::stop_source source;
        auto stopper = corun::spawn([&] { source.request_stop(); });
        int steps = 0;
        const bool ended = corun::yield(corun::with_stop_token(source.get_token(), [&] {
            for (; steps != 2; ++steps) corun::yield();
        }));
        sim::require(ended ? steps == 2 : steps < 2);
        corun::yield(stopper.join());
    });
}

BOOST_AUTO_TEST_CASE(a_value_is_seen_by_what_was_spawned_inside_and_by_nobody_else) {
    const corun::scoped_value<int> request;
    in_every_schedule([&] {
        corun::fiber<> inside;
        auto beside = corun::spawn([&] {
            corun::yield();
            sim::require(request.find() == nullptr, "a sibling does not see it");
        });
        corun::yield(corun::with_value(request, 1, [&] {
            inside = corun::spawn([&] {
                corun::yield();
                sim::require(request.get_or(0) == 1, "also beyond the block");
                corun::yield(corun::with_value(request, 2, [&] {
                    corun::yield();
                    sim::require(request.get_or(0) == 2);
                }));
                sim::require(request.get_or(0) == 1);
            });
            corun::yield();
            sim::require(request.get_or(0) == 1, "an inner one is its fiber's alone");
        }));
        sim::require(request.find() == nullptr);
        corun::yield(inside.join());
        corun::yield(beside.join());
    });
}

BOOST_AUTO_TEST_CASE(a_supervision_starts_all_anew_once_all_have_ended) {
    const auto r = sim::explore({.preemptions = 2, .run = {.failures_may_be_unhandled = true}}, [] {
        int live[2] = {}, lives = 0;  // before the failure, and after it; of b
        bool has_failed = false, mixed = false;
        const auto child = [&](bool is_b) {
            return corun::child{.name = is_b ? "b" : "a",
                                .function =
                                    [&, is_b] {
                                        const corun_test::counted here{live[has_failed]};
                                        mixed |= has_failed && live[0] != 0;
                                        lives += is_b;
                                        corun::yield();
                                        if (is_b && !std::exchange(has_failed, true)) throw std::runtime_error{"once"};
                                    },
                                .restart = corun::restart::transient};
        };
        corun::yield(corun::supervise({.strategy = corun::one_for_all}, child(false), child(true)));
        sim::require(!mixed, "nobody begins anew before all have ended");
        sim::require(lives == 2 && live[0] == 0 && live[1] == 0);
    });
    BOOST_TEST(r.exhausted);
}

BOOST_AUTO_TEST_CASE(a_supervision_gives_up_when_its_children_fail_too_often) {
    const auto r = sim::explore({.preemptions = 2, .run = {.failures_may_be_unhandled = true}}, [] {
        int live = 0, failures = 0;
        const auto fails = [&] {
            const corun_test::counted here{live};
            corun::yield();
            ++failures;
            throw std::runtime_error{"again"};
        };
        const corun::child a{.name = "a", .function = fails}, b{.name = "b", .function = fails};
        try {
            corun::yield(corun::supervise({.max_restarts = 1}, a, b));
            sim::require(false, "it gives up");
        } catch (const corun::restarts_exhausted& e) {
            sim::require(e.last() != nullptr);
        }
        sim::require(live == 0, "all have ended");
        sim::require(failures >= 2, "one restart was borne");
    });
    BOOST_TEST(r.exhausted);
}

BOOST_AUTO_TEST_SUITE_END()
