#include <corun/sleep.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/threads.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

static_assert(corun::operation<corun::sleep_operation>);

// Has fibers sleep until times at or after `begin`, and returns the order in which they woke. If the machine was so slow that one
// of them came to sleep after its time, that says nothing: they try again with more time before it.
template <class Sleepers>
std::vector<int> in_time(Sleepers sleepers) {
    for (auto margin = 5ms;; margin *= 2) {
        std::vector<int> order;
        bool all_slept = false;
        corun::run([&] {
            const auto begin = corun::clock::now() + margin;
            std::vector<corun::fiber<>> fibers;
            sleepers(begin, [&](corun::clock::time_point time, int n) {
                fibers.push_back(corun::spawn([&order, time, n] {
                    corun::yield(corun::sleep_until(time));
                    order.push_back(n);
                }));
            });
            corun::yield();
            all_slept = corun::clock::now() < begin;
            for (auto& f : fibers) corun::yield(f.join());
        });
        if (all_slept) return order;
    }
}

BOOST_FIXTURE_TEST_SUITE(sleeping, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(takes_at_least_its_span) {
    corun::run([] {
        const auto begin = corun::clock::now();
        corun::yield(corun::sleep_for(20ms));
        BOOST_TEST((corun::clock::now() - begin >= 20ms));
    });
}

BOOST_AUTO_TEST_CASE(until_a_time) {
    corun::run([] {
        const auto time = corun::clock::now() + 15ms;
        corun::yield(corun::sleep_until(time));
        BOOST_TEST((corun::clock::now() >= time));
    });
}

BOOST_AUTO_TEST_CASE(the_span_counts_from_the_call_and_not_from_the_yield) {
    corun::run([] {
        auto op = corun::sleep_for(10ms);
        const auto called = corun::clock::now();
        while (corun::clock::now() - called < 10ms) std::this_thread::yield();
        // It is over: only a turn is given, however long others sleep.
        bool other_woke = false;
        auto other = corun::spawn([&] {
            corun::yield(corun::sleep_for(1h));
            other_woke = true;
        });
        corun::yield(op);
        BOOST_TEST(!other_woke);
        other.cancel();
    });
}

BOOST_AUTO_TEST_CASE(fibers_wake_in_the_order_of_their_times) {
    const auto order = in_time([](corun::clock::time_point begin, auto sleep_until) {
        for (const int n : {3, 1, 4, 0, 2}) sleep_until(begin + n * 1ms, n);
    });
    BOOST_TEST(order == (std::vector{0, 1, 2, 3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(equal_times_wake_in_the_order_of_their_yields) {
    const auto order = in_time([](corun::clock::time_point time, auto sleep_until) {
        for (int i = 0; i < 50; ++i) sleep_until(time, i);
    });
    BOOST_TEST(order.size() == 50U);
    BOOST_TEST(std::is_sorted(order.begin(), order.end()));
}

BOOST_AUTO_TEST_CASE(a_shorter_sleep_that_comes_later_wakes_first) {
    std::string order;
    corun::run([&] {
        auto longer = corun::spawn([&] {
            corun::yield(corun::sleep_for(30ms));
            order += 'l';
        });
        corun::yield(corun::sleep_for(1ms));  // its timer is set
        auto shorter = corun::spawn([&] {
            corun::yield(corun::sleep_for(1ms));
            order += 's';
        });
        corun::yield(longer.join());
        corun::yield(shorter.join());
    });
    BOOST_TEST(order == "sl");
}

BOOST_AUTO_TEST_CASE(a_time_that_has_passed_gives_the_others_one_turn) {
    corun::run([] {
        for (auto& op : {corun::sleep_for(0s), corun::sleep_for(-1s), corun::sleep_for(std::chrono::hours::min()),
                         corun::sleep_until(corun::clock::time_point::min()), corun::sleep_until(corun::clock::now())}) {
            int turns = 0;
            bool stop = false;
            auto other = corun::spawn([&] {
                while (!stop) {
                    ++turns;
                    corun::yield();
                }
            });
            corun::yield(const_cast<corun::sleep_operation&>(op));
            BOOST_TEST(turns == 1);
            stop = true;
            corun::yield(other.join());
        }
    });
}

BOOST_AUTO_TEST_CASE(for_ever_is_ended_by_cancellation_only) {
    corun::run([] {
        const auto endless = [](auto make) {
            auto f = corun::spawn([make] { corun::yield(make()); });
            corun::yield(corun::sleep_for(1ms));
            BOOST_TEST(!f.done());
            f.cancel();
            BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        };
        endless([] { return corun::sleep_until(corun::clock::time_point::max()); });
        endless([] { return corun::sleep_for(corun::clock::duration::max()); });
        endless([] { return corun::sleep_for(std::chrono::hours::max()); });
        endless([] { return corun::sleep_for(std::chrono::duration<double>{std::numeric_limits<double>::infinity()}); });
        endless([] { return corun::sleep_for(corun::clock::duration::max() - 1ns); });
        endless([] { return corun::sleep_until(corun::clock::time_point::max() - 1ns); });
    });
}

BOOST_AUTO_TEST_CASE(any_duration_type) {
    corun::run([] {
        const auto begin = corun::clock::now();
        corun::yield(corun::sleep_for(std::chrono::duration<double, std::milli>{2.5}));
        corun::yield(corun::sleep_for(std::chrono::duration<float>{0.0025F}));
        corun::yield(corun::sleep_for(std::chrono::duration<std::uint8_t, std::milli>{std::uint8_t{5}}));
        BOOST_TEST((corun::clock::now() - begin >= 9ms));
    });
}

BOOST_AUTO_TEST_CASE(a_thousand_sleepers_of_which_every_other_is_cancelled) {
    corun::run([] {
        int woke = 0, cancelled = 0;
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 1000; ++i)
            fibers.push_back(corun::spawn([&, i] {
                try {
                    corun::yield(corun::sleep_for(i % 2 == 0 ? 20ms + i * 1us : corun::clock::duration{1h}));
                    ++woke;
                } catch (const corun::cancelled&) {
                    ++cancelled;
                }
            }));
        corun::yield();
        for (std::size_t i = 1; i < fibers.size(); i += 2) fibers[i].cancel();
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(woke == 500);
        BOOST_TEST(cancelled == 500);
    });
}

BOOST_AUTO_TEST_CASE(two_sleeps_that_are_never_yielded_on_do_nothing) {
    corun::run([] {
        auto first = corun::sleep_for(1ns);
        corun::sleep_operation moved{std::move(first)};
        BOOST_TEST(!moved.ready());
        corun::yield(moved);
        BOOST_TEST(moved.ready());
    });
}

BOOST_AUTO_TEST_CASE(keeps_the_context_running_and_then_lets_it_end) {
    asio::io_context context;
    bool woke = false;
    corun::spawn(context, [&] {
        corun::yield(corun::sleep_for(5ms));
        woke = true;
    });
    auto gone = corun::spawn(context, [&] { corun::yield(corun::sleep_for(24h)); });
    corun::spawn(context, [&] {
        corun::yield(corun::sleep_for(5ms));
        gone.cancel();  // nor does its timer keep the context running
    });
    context.run();
    BOOST_TEST(woke);
    BOOST_TEST(gone.done());
}

// Who sleeps a second does not mind a millisecond: the loop turns once for all who wake within one.
BOOST_AUTO_TEST_CASE(long_sleeps_that_end_close_to_each_other_end_together) {
    asio::io_context io;
    const int sleepers = 200;
    int asleep = 0, awake = 0, too_early = 0;
    const auto begin = corun::clock::now();
    auto all_asleep = begin;
    for (int i = 0; i < sleepers; ++i)
        corun::spawn(io, [&, span = 1s + i * 20us] {
            const auto until = corun::clock::now() + span;
            if (++asleep == sleepers) all_asleep = until - span;
            corun::yield(corun::sleep_for(span));
            too_early += corun::clock::now() < until;
            ++awake;
        });
    int turns = 0;
    for (int before = 0; awake < sleepers && io.run_one() != 0; before = awake) turns += awake > before;
    BOOST_TEST(awake == sleepers);
    BOOST_TEST(too_early == 0);
    // The first, the last, and what lies a millisecond apart between.
    BOOST_TEST(turns <= (all_asleep - begin + sleepers * 20us) / 1ms + 2);
    io.run();
}

BOOST_AUTO_TEST_CASE(on_a_context_that_several_threads_run) {
    asio::io_context context;
    int woke = 0;
    for (int i = 0; i < 200; ++i)
        corun::spawn(context, [&woke, i] {
            for (int k = 0; k < 3; ++k) corun::yield(corun::sleep_for(std::chrono::microseconds{(i * 37) % 500}));
            ++woke;
        });
    corun_test::run_on_threads(context, 3);
    BOOST_TEST(woke == 200);
}

BOOST_AUTO_TEST_SUITE_END()
