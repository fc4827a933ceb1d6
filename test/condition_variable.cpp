#include <corun/condition_variable.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <vector>

BOOST_FIXTURE_TEST_SUITE(condition_variable, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(waits_until_the_predicate_holds_and_has_the_mutex_then) {
    corun::run([] {
        corun::mutex m;
        corun::condition_variable changed;
        int value = 0;
        auto waiting = corun::spawn([&] {
            auto held = corun::yield(m.lock());
            corun::yield(changed.wait(held, [&] { return value == 2; }));
            BOOST_TEST(m.is_locked());
            BOOST_TEST(held.owns());
        });
        corun::yield();
        BOOST_TEST(!m.is_locked());
        for (int i = 1; i <= 2; ++i) {
            {
                const auto held = corun::yield(m.lock());
                value = i;
                changed.notify_all();
            }
            corun::yield();
            BOOST_TEST(waiting.done() == (i == 2));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_predicate_that_holds_is_not_waited_for) {
    corun::run([] {
        corun::mutex m;
        corun::condition_variable changed;
        auto held = corun::yield(m.lock());
        auto other = corun::spawn([&] { (void)corun::yield(m.lock()); });
        corun::yield(changed.wait(held, [] { return true; }));
        corun::yield();
        BOOST_TEST(!other.done());
        held.unlock();
        corun::yield(other.join());
    });
}

BOOST_AUTO_TEST_CASE(one_notification_is_for_the_one_that_waited_longest) {
    corun::run([] {
        corun::mutex m;
        corun::condition_variable changed;
        std::vector<int> order;
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 3; ++i)
            fibers.push_back(corun::spawn([&, i] {
                auto held = corun::yield(m.lock());
                corun::yield(changed.wait(held));
                order.push_back(i);
            }));
        corun::yield();
        changed.notify_one();
        corun::yield();
        BOOST_TEST(order == std::vector<int>{0});
        changed.notify_all();
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(order == (std::vector<int>{0, 1, 2}));
    });
}

BOOST_AUTO_TEST_CASE(cancelled_it_throws_only_when_it_has_the_mutex_again) {
    corun::run([] {
        corun::mutex m;
        corun::condition_variable changed;
        bool had_it = false;
        auto waiting = corun::spawn([&] {
            auto held = corun::yield(m.lock());
            try {
                corun::yield(changed.wait(held, [] { return false; }));
            } catch (const corun::cancelled&) {
                had_it = m.is_locked();
                throw;
            }
        });
        corun::yield();
        auto held = corun::yield(m.lock());
        waiting.cancel();
        corun::yield();
        corun::yield();
        BOOST_TEST(!waiting.done());
        held.unlock();
        BOOST_CHECK_THROW(corun::yield(waiting.join()), corun::fiber_cancelled);
        BOOST_TEST(had_it);
        BOOST_TEST(!m.is_locked());
    });
}

BOOST_AUTO_TEST_CASE(cancelled_without_a_predicate_it_throws_as_well) {
    corun::run([] {
        corun::mutex m;
        corun::condition_variable changed;
        auto waiting = corun::spawn([&] {
            auto held = corun::yield(m.lock());
            corun::yield(changed.wait(held));
        });
        corun::yield();
        waiting.cancel();
        BOOST_CHECK_THROW(corun::yield(waiting.join()), corun::fiber_cancelled);
        BOOST_TEST(!m.is_locked());
    });
}

BOOST_AUTO_TEST_CASE(a_notification_wins_over_a_cancellation_that_comes_after_it) {
    corun::run([] {
        corun::mutex m;
        corun::condition_variable changed;
        bool returned = false;
        auto waiting = corun::spawn([&] {
            auto held = corun::yield(m.lock());
            corun::yield(changed.wait(held));
            returned = true;
        });
        corun::yield();
        auto held = corun::yield(m.lock());
        changed.notify_one();
        waiting.cancel();
        held.unlock();
        corun::yield(waiting.join());
        BOOST_TEST(returned);
    });
}

BOOST_AUTO_TEST_CASE(what_the_predicate_throws_the_yield_throws_with_the_mutex_held) {
    corun::run([] {
        corun::mutex m;
        corun::condition_variable changed;
        auto waiting = corun::spawn([&] {
            auto held = corun::yield(m.lock());
            int asked = 0;
            corun::yield(changed.wait(held, [&] { return ++asked == 2 ? throw std::out_of_range{"asked"} : false; }));
        });
        corun::yield();
        changed.notify_one();
        BOOST_CHECK_THROW(corun::yield(waiting.join()), std::out_of_range);
        BOOST_TEST(!m.is_locked());
    });
}

BOOST_AUTO_TEST_SUITE_END()
