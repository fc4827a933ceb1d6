#include <corun/mutex.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/scheduler.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(mutex, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(one_fiber_at_a_time_in_the_order_of_asking) {
    corun::run([] {
        corun::mutex m;
        int inside = 0;
        std::vector<int> order;
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 10; ++i)
            fibers.push_back(corun::spawn([&, i] {
                const auto guard = corun::yield(m.lock());
                BOOST_TEST(++inside == 1);
                corun::yield();
                corun::yield();
                --inside;
                order.push_back(i);
            }));
        for (auto& f : fibers) corun::yield(f.join());
        for (int i = 0; i < 10; ++i) BOOST_TEST(order[static_cast<std::size_t>(i)] == i);
        BOOST_TEST(!m.is_locked());
    });
}

BOOST_AUTO_TEST_CASE(unlock_hands_over_and_never_switches) {
    corun::run([] {
        corun::mutex m;
        auto held = corun::yield(m.lock());
        bool owns = false;
        auto next = corun::spawn([&] {
            const auto guard = corun::yield(m.lock());
            owns = true;
        });
        corun::yield();
        held.unlock();
        BOOST_TEST(!owns);
        BOOST_TEST(m.is_locked());  // the other's already: nobody can barge in
        BOOST_TEST(!m.try_lock().owns());
        auto late = corun::spawn([&] {
            const auto guard = corun::yield(m.lock());
            BOOST_TEST(owns);
        });
        corun::yield(next.join());
        corun::yield(late.join());
    });
}

BOOST_AUTO_TEST_CASE(who_is_cancelled_while_it_waits_is_passed_over) {
    corun::run([] {
        corun::mutex m;
        auto held = corun::yield(m.lock());
        auto first = corun::spawn([&] { (void)corun::yield(m.lock()); });
        auto second = corun::spawn([&] { (void)corun::yield(m.lock()); });
        corun::yield();
        first.cancel();
        held.unlock();  // to the first: it is not known to have given up, and completion wins
        BOOST_TEST(m.is_locked());
        corun::yield(first.join());
        corun::yield(second.join());
        BOOST_TEST(!m.is_locked());
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_leaves_no_trace) {
    corun::run([] {
        corun::mutex m;
        auto held = corun::yield(m.lock());
        auto waiting = corun::spawn([&] { (void)corun::yield(m.lock()); });
        corun::yield();
        waiting.cancel();
        BOOST_CHECK_THROW(corun::yield(waiting.join()), corun::fiber_cancelled);
        held.unlock();
        BOOST_TEST(!m.is_locked());
    });
}

BOOST_AUTO_TEST_CASE(what_is_handed_over_to_an_operation_that_nobody_asks_is_passed_on) {
    corun::run([] {
        corun::mutex m;
        {
            auto op = m.lock();
            BOOST_TEST(op.ready());
            BOOST_TEST(m.is_locked());
        }
        BOOST_TEST(!m.is_locked());
    });
}

BOOST_AUTO_TEST_CASE(a_guard_moves_and_swaps) {
    corun::run([] {
        corun::mutex m;
        auto a = m.try_lock();
        BOOST_TEST(a.owns());
        corun::guard<corun::mutex> b = std::move(a);
        BOOST_TEST(!a.owns());
        BOOST_TEST(b.mutex() == &m);
        a = std::move(b);
        BOOST_TEST(a.owns());
        a = {};
        BOOST_TEST(!m.is_locked());
    });
}

BOOST_AUTO_TEST_CASE(a_list_of_waiters_allocates_nothing) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        corun::mutex m;
        std::vector<corun::fiber<>> fibers;
        std::size_t before = 0;
        for (int i = 0; i < 10; ++i)
            fibers.push_back(corun::spawn([&] {
                for (int k = 0; k < 100; ++k) {
                    const auto guard = corun::yield(m.lock());
                    if (k == 1 && before == 0) before = corun_test::allocations_made();
                    corun::yield();
                }
            }));
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(corun_test::allocations_made() == before);
    });
}

BOOST_AUTO_TEST_SUITE_END()
