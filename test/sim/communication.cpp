// Channels and synchronisation under every schedule, cancellations among them.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/explored.hpp"
#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <tuple>
#include <vector>

namespace sim = corun::sim;
using namespace std::chrono_literals;
using corun_test::was_cancelled;
using corun_test::within_three_preemptions;

namespace {

void join(std::vector<corun::fiber<>>& all) {
    for (auto& f : all) corun::yield(f.join());
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(communication_explored, corun_test::nothing_left)

using mutexes = std::tuple<corun::mutex, corun::concurrent_mutex>;
BOOST_AUTO_TEST_CASE_TEMPLATE(a_mutex_excludes_and_a_cancelled_waiter_leaves_it_usable, mutex, mutexes) {
    within_three_preemptions([] {
        mutex m;
        int inside = 0;
        const auto critical = [&] {
            const auto held = corun::yield(m.lock());
            sim::require(++inside == 1, "one at a time");
            corun::yield();
            --inside;
        };
        auto a = corun::spawn(critical);
        auto b = corun::spawn([&] { const auto held = corun::yield(m.lock()); });
        b.cancel();
        (void)was_cancelled(b);
        corun::yield(a.join());
        critical();
        sim::require(static_cast<bool>(m.try_lock()), "free");
    });
}

using semaphores = std::tuple<corun::semaphore, corun::concurrent_semaphore>;
BOOST_AUTO_TEST_CASE_TEMPLATE(permits_of_a_semaphore_are_kept_in_number, semaphore, semaphores) {
    within_three_preemptions([] {
        semaphore s{1};
        auto taker = corun::spawn([&] {
            corun::yield(s.acquire());
            s.release();
        });
        auto canceller = corun::spawn([&] { taker.cancel(); });
        corun::yield(s.acquire());
        corun::yield();
        s.release();
        (void)was_cancelled(taker);
        corun::yield(canceller.join());
        sim::require(s.permits() == 1);
    });
}

using channels = std::tuple<corun::channel<int>, corun::concurrent_channel<int>>;
BOOST_AUTO_TEST_CASE_TEMPLATE(a_channel_delivers_each_value_once_and_in_order, channel, channels) {
    for (const std::size_t capacity : {0U, 1U})
        within_three_preemptions([=] {
            channel c{capacity};
            auto sender = corun::spawn([&] {
                for (int i = 0; i != 3; ++i) corun::yield(c.send(int{i}));
                c.close();
            });
            int next = 0;
            while (const auto value = corun::yield(c.receive())) sim::require(*value == next++);
            sim::require(next == 3);
            corun::yield(sender.join());
        });
}

BOOST_AUTO_TEST_CASE(a_cancelled_receive_loses_nothing) {
    within_three_preemptions([] {
        corun::channel<int> c;
        int received = 0;
        auto receiver = corun::spawn([&] { received += corun::yield(c.receive()).value_or(0); });
        auto sender = corun::spawn([&] { corun::yield(c.send(5)); });
        auto canceller = corun::spawn([&] { receiver.cancel(); });
        (void)was_cancelled(receiver);
        if (received == 0) received = corun::yield(c.receive()).value_or(0);
        sim::require(received == 5);
        corun::yield(sender.join());
        corun::yield(canceller.join());
    });
}

using gates = std::tuple<std::tuple<corun::event, corun::latch, corun::wait_group>,
                         std::tuple<corun::concurrent_event, corun::concurrent_latch, corun::concurrent_wait_group>>;
BOOST_AUTO_TEST_CASE_TEMPLATE(an_event_a_latch_and_a_wait_group_let_everybody_pass, kinds, gates) {
    within_three_preemptions([] {
        std::tuple_element_t<0, kinds> e;
        std::tuple_element_t<1, kinds> l{2};
        std::tuple_element_t<2, kinds> g;
        g.add(2);
        std::vector<corun::fiber<>> all;
        for (int i = 0; i != 2; ++i)
            all.push_back(corun::spawn([&] {
                corun::yield(e.wait());
                l.count_down();
                g.done();
            }));
        e.set();
        corun::yield(l.wait());
        corun::yield(g.wait());
        join(all);
    });
}

BOOST_AUTO_TEST_CASE(a_barrier_is_used_again_by_who_is_fast) {
    within_three_preemptions([] {
        corun::barrier b{2};
        int rounds[2] = {};
        std::vector<corun::fiber<>> all;
        for (int self = 0; self != 2; ++self)
            all.push_back(corun::spawn([&, self] {
                for (int round = 0; round != 2; ++round) {
                    ++rounds[self];
                    corun::yield(b.arrive_and_wait());
                    sim::require(rounds[1 - self] > round, "the other one has come as far");
                }
            }));
        join(all);
    });
}

BOOST_AUTO_TEST_CASE(a_condition_that_is_notified_under_the_lock_is_never_missed) {
    within_three_preemptions([] {
        corun::mutex m;
        corun::condition_variable changed;
        bool ready = false;
        auto waiter = corun::spawn([&] {
            auto held = corun::yield(m.lock());
            corun::yield(changed.wait(held, [&] { return ready; }));
            sim::require(ready && m.is_locked());
        });
        {
            const auto held = corun::yield(m.lock());
            ready = true;
            changed.notify_one();
        }
        corun::yield(waiter.join());
    });
}

BOOST_AUTO_TEST_CASE(exactly_one_case_of_a_select_takes_effect) {
    within_three_preemptions([] {
        corun::channel<int> a{1}, b{1};
        std::vector<corun::fiber<>> all;
        all.push_back(corun::spawn([&] { corun::yield(a.send(1)); }));
        all.push_back(corun::spawn([&] { corun::yield(b.send(2)); }));
        (void)corun::yield(corun::select(a.receive(), b.receive()));
        join(all);
        sim::require(a.size() + b.size() == 1, "the other value is still there");
    });
}

BOOST_AUTO_TEST_CASE(every_tie_of_a_select_is_tried_also_where_no_fault_may_strike) {
    std::size_t taken[2] = {};
    const auto r = sim::explore({.preemptions = 0, .faults = 0}, [&] {
        corun::channel<int> a{2}, b{2};
        for (int i = 0; i != 2; ++i) {
            corun::yield(a.send(int{i}));
            corun::yield(b.send(int{i}));
        }
        for (int i = 0; i != 2; ++i) ++taken[corun::yield(corun::select(a.receive(), b.receive())).index()];
    });
    BOOST_TEST(r.runs == 4U);
    BOOST_TEST(taken[0] == taken[1]);
}

BOOST_AUTO_TEST_SUITE_END()
