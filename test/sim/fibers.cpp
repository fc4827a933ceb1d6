// Fibers and their waiting under every schedule.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/explored.hpp"
#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace sim = corun::sim;
using namespace std::chrono_literals;
using corun_test::end_of;
using corun_test::in_every_schedule;

BOOST_FIXTURE_TEST_SUITE(fibers_explored, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(each_joiner_learns_the_end_whenever_it_comes) {
    in_every_schedule([] {
        auto target = corun::spawn([] {
            corun::yield();
            if (true) throw std::runtime_error{"the end"};
        });
        int told = 0;
        std::vector<corun::fiber<>> joiners;
        for (int i = 0; i != 2; ++i) joiners.push_back(corun::spawn([&] { told += end_of(target) == 'x'; }));
        for (auto& j : joiners) corun::yield(j.join());
        sim::require(told == 2);
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_join_leaves_the_joined_alone_and_completion_wins) {
    bool cancelled = false, completed = false;
    in_every_schedule([&] {
        auto target = corun::spawn([] {
            corun::yield();
            return 5;
        });
        bool has_value = false;
        auto joiner = corun::spawn([&] {
            has_value = corun::yield(target.join()) == 5;
            corun::yield();
        });
        auto canceller = corun::spawn([&] { joiner.cancel(); });
        const char end = end_of(joiner);
        (end == 'c' && !has_value ? cancelled : completed) = true;
        sim::require(end == 'c' || has_value);
        if (!has_value) sim::require(corun::yield(target.join()) == 5);
        corun::yield(canceller.join());
    });
    BOOST_TEST(cancelled);
    BOOST_TEST(completed);
}

BOOST_AUTO_TEST_CASE(a_sleep_and_a_cancellation_of_the_same_time) {
    std::string ends;
    ends.reserve(4096);
    in_every_schedule([&] {
        const auto time = corun::clock::now() + 1s;
        bool slept = false;
        auto sleeper = corun::spawn([&] {
            corun::yield(corun::sleep_until(time));
            slept = true;
            corun::yield();
        });
        auto canceller = corun::spawn([&] {
            corun::yield(corun::sleep_until(time));
            sleeper.cancel();
        });
        const char end = end_of(sleeper);
        sim::require(corun::clock::now() == time);
        sim::require(slept, "a sleep that is over has its value, also where the cancellation came before the fiber's turn");
        if (ends.find(end) == std::string::npos) ends += end;
        corun::yield(canceller.join());
    });
    BOOST_TEST(ends.size() == 2U);  // cancelled in its second yield, or too late for that
}

BOOST_AUTO_TEST_CASE(a_wake_is_never_lost) {
    in_every_schedule([] {
        corun_test::scripted op;
        std::optional<corun::waker> waker;
        op.on_start = [&](corun::waker w) { waker = std::move(w); };
        auto waiter = corun::spawn([&] { corun::yield(op); });
        std::vector<corun::fiber<>> wakers;
        for (int i = 0; i != 2; ++i)
            wakers.push_back(corun::spawn([&, i] {
                corun::yield();
                if (i == 1) op.is_ready = true;
                if (waker) waker->wake();
                corun::yield();
                if (waker) waker->wake();
            }));
        corun::yield(waiter.join());
        for (auto& w : wakers) corun::yield(w.join());
    });
}

BOOST_AUTO_TEST_CASE(an_operation_that_withdraws_or_does_not) {
    for (const bool withdraws : {true, false})
        in_every_schedule([=] {
            corun_test::scripted op;
            std::optional<corun::waker> waker;
            op.on_start = [&](corun::waker w) { waker = std::move(w); };
            op.on_cancel = [=] { return withdraws; };
            bool has_value = false;
            auto waiter = corun::spawn([&] {
                has_value = corun::yield(op) == 5;
                corun::yield();
            });
            auto completer = corun::spawn([&] {
                op.is_ready = true;
                if (waker) waker->wake();
            });
            auto canceller = corun::spawn([&] { waiter.cancel(); });
            const char end = end_of(waiter);
            // Begun and not withdrawn, it is waited for; cancelled before it began, or withdrawn, there is no value.
            if (!withdraws && op.calls.find("cancel;") != std::string::npos) sim::require(has_value);
            if (end == 'v') sim::require(has_value);
            corun::yield(completer.join());
            corun::yield(canceller.join());
        });
}

BOOST_AUTO_TEST_CASE(an_operation_of_asio_and_a_cancellation) {
    in_every_schedule([] {
        bool done = false;
        auto waiter = corun::spawn([&] {
            corun::yield(asio::post(corun::this_fiber::executor(), asio::deferred));
            done = true;
        });
        auto canceller = corun::spawn([&] { waiter.cancel(); });
        if (end_of(waiter) == 'v') sim::require(done);
        corun::yield(canceller.join());
    });
}

BOOST_AUTO_TEST_CASE(a_handle_dropped_while_its_fiber_runs) {
    in_every_schedule([] {
        bool ended = false;
        {
            auto f = corun::spawn([&] {
                corun::yield();
                ended = true;
            });
            corun::yield();
        }
        while (!ended) corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(fibers_that_spawn_join_and_cancel_each_other) {
    in_every_schedule([] {
        corun::fiber<> a, b;
        a = corun::spawn([&] {
            auto child = corun::spawn([] { corun::yield(); });
            b.cancel();
            corun::yield(child.join());
        });
        b = corun::spawn([&] {
            corun::yield();
            a.cancel();
            corun::yield();
        });
        (void)end_of(a);
        (void)end_of(b);
    });
}

BOOST_AUTO_TEST_CASE(each_fiber_has_its_own_value_and_it_ends_before_joins_do) {
    struct counted {
        int* live = nullptr;
        ~counted() {
            if (live == nullptr) return;
            corun::yield();  // on its fiber, which has not ended yet
            --*live;
        }
    };
    in_every_schedule([] {
        int live = 0;
        const corun::fiber_local<counted> own;
        std::vector<corun::fiber<>> all;
        for (int i = 0; i != 2; ++i)
            all.push_back(corun::spawn([&] {
                sim::require(own->live == nullptr, "nobody else's");
                own->live = &live;
                ++live;
                corun::yield();
                sim::require(own->live == &live);
            }));
        for (auto& f : all) corun::yield(f.join());
        sim::require(live == 0, "a fiber's values end before it does");
    });
}

BOOST_AUTO_TEST_SUITE_END()
