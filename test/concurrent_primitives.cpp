// concurrent_mutex, _semaphore, _event, _latch and _wait_group: one mechanism, one test of it.
#include <corun/concurrent_event.hpp>
#include <corun/concurrent_latch.hpp>
#include <corun/concurrent_mutex.hpp>
#include <corun/concurrent_semaphore.hpp>
#include <corun/concurrent_wait_group.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace asio = boost::asio;

namespace {

/// Runs on so many threads, on every other one as three fibers: f(wait), where wait(fiber's operation, thread's function) waits.
template <class Function>
void everywhere(int threads, Function f) {
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t)
        all.emplace_back([&f, t] {
            if (t % 2 == 1) return f([](auto, auto blocking) { return blocking(); });
            corun::run([&f] {
                std::vector<corun::fiber<>> fibers;
                for (int i = 0; i < 3; ++i)
                    fibers.push_back(corun::spawn([&f] { f([](auto operation, auto) { return corun::yield(operation()); }); }));
                for (auto& fiber : fibers) corun::yield(fiber.join());
            });
        });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(concurrent_primitives, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_mutex_keeps_fibers_and_threads_out_of_each_others_way) {
    for (const int threads : {2, 4, 8}) {
        corun::concurrent_mutex m;
        int plain = 0;
        everywhere(threads, [&](auto wait) {
            for (int i = 0; i < 500; ++i) {
                const auto held = wait([&] { return m.lock(); }, [&] { return m.blocking_lock(); });
                ++plain;
            }
        });
        BOOST_TEST(plain == threads / 2 * 4 * 500);
        BOOST_TEST(m.try_lock().owns());
    }
}

BOOST_AUTO_TEST_CASE(a_mutex_is_handed_over) {
    corun::run([] {
        corun::concurrent_mutex m;
        auto held = corun::yield(m.lock());
        auto next = corun::spawn([&] { (void)corun::yield(m.lock()); });
        corun::yield();
        held.unlock();
        BOOST_TEST(!m.try_lock().owns());  // it has not run, and owns it
        corun::yield(next.join());
        BOOST_TEST(m.try_lock().owns());
    });
}

BOOST_AUTO_TEST_CASE(a_mutex_is_shared_with_handlers) {
    asio::io_context context;
    corun::concurrent_mutex m;
    int inside = 0, entered = 0;
    for (int i = 0; i < 3; ++i) {
        m.async_lock(asio::bind_executor(context, [&](std::exception_ptr, corun::guard<corun::concurrent_mutex> held) {
            BOOST_TEST(held.owns());
            ++entered;
        }));
        corun::spawn(context, [&] {
            const auto held = corun::yield(m.lock());
            BOOST_TEST(++inside == 1);
            corun::yield();
            --inside;
            ++entered;
        });
    }
    context.run();
    BOOST_TEST(entered == 6);
}

BOOST_AUTO_TEST_CASE(a_semaphore_lets_in_no_more_than_its_permits) {
    for (const int threads : {2, 4, 8}) {
        corun::concurrent_semaphore permits{3};
        std::atomic<int> inside{0}, most{0};
        everywhere(threads, [&](auto wait) {
            for (int i = 0; i < 300; ++i) {
                wait([&] { return permits.acquire(1 + i % 2); }, [&] { return permits.blocking_acquire(1 + i % 2); });
                const int now = inside += 1 + i % 2;
                for (int seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                inside -= 1 + i % 2;
                permits.release(1 + i % 2);
            }
        });
        BOOST_TEST(most.load() <= 3);
        BOOST_TEST(permits.permits() == 3);
    }
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_lets_those_behind_it_pass) {
    corun::run([] {
        corun::concurrent_semaphore permits{1};
        auto many = corun::spawn([&] { corun::yield(permits.acquire(2)); });
        auto few = corun::spawn([&] { corun::yield(permits.acquire(1)); });
        corun::yield();
        many.cancel();
        corun::yield(few.join());
        BOOST_CHECK_THROW(corun::yield(many.join()), corun::fiber_cancelled);
        BOOST_TEST(permits.permits() == 0);
    });
}

BOOST_AUTO_TEST_CASE(a_cancellation_and_a_release_at_once_lose_no_permit) {
    for (int round = 0; round < 300; ++round) {
        corun::concurrent_semaphore permits{0};
        bool got = false;
        std::jthread releasing{[&] { permits.release(); }};
        corun::run([&] {
            auto waiting = corun::spawn([&] {
                corun::yield(permits.acquire());
                got = true;
            });
            corun::yield();
            waiting.cancel();
            try {
                corun::yield(waiting.join());
            } catch (const corun::fiber_cancelled&) {
            }
        });
        releasing.join();
        BOOST_TEST(permits.permits() == (got ? 0 : 1));
    }
}

BOOST_AUTO_TEST_CASE(an_event_wakes_everyone_or_one) {
    for (const int threads : {2, 4, 8}) {
        corun::concurrent_event all, one{corun::event_reset::automatic};
        std::atomic<int> passed{0};
        std::jthread setting{[&] { all.set(); }};
        everywhere(threads, [&](auto wait) {
            wait([&] { return all.wait(); }, [&] { return all.blocking_wait(); });
            if (passed++ == 0) one.set();
            wait([&] { return one.wait(); }, [&] { return one.blocking_wait(); });
            one.set();
        });
        BOOST_TEST(passed.load() == threads / 2 * 4);
        BOOST_TEST(one.try_wait());
        BOOST_TEST(!one.try_wait());
    }
}

BOOST_AUTO_TEST_CASE(a_latch_and_a_wait_group_count_across_threads) {
    for (const int threads : {2, 4, 8}) {
        const int all = threads / 2 * 4;
        corun::concurrent_latch latch{all};
        corun::concurrent_wait_group group;
        group.add(all);
        std::atomic<int> before{0};
        std::atomic<bool> early{false};
        everywhere(threads, [&](auto wait) {
            ++before;
            latch.count_down();
            wait([&] { return latch.wait(); }, [&] { return latch.blocking_wait(); });
            if (before.load() != all) early = true;
            group.done();
            wait([&] { return group.wait(); }, [&] { return group.blocking_wait(); });
        });
        BOOST_TEST(!early.load());
        BOOST_TEST(latch.try_wait());
        BOOST_TEST(group.try_wait());
    }
}

BOOST_AUTO_TEST_CASE(counting_below_zero_or_backwards_is_refused) {
    corun::concurrent_latch latch{1};
    corun::concurrent_wait_group group;
    BOOST_CHECK_THROW(latch.count_down(-1), std::logic_error);
    BOOST_CHECK_THROW(latch.count_down(2), std::logic_error);
    latch.count_down();
    BOOST_TEST(latch.try_wait());
    BOOST_CHECK_THROW(latch.count_down(), std::logic_error);
    BOOST_CHECK_THROW(group.done(), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()
