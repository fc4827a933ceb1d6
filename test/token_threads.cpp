// Operations that other threads complete, or drop.
#include <corun/token.hpp>

#include <corun/run.hpp>
#include <corun/spawn.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using corun_test::hand_over;

BOOST_FIXTURE_TEST_SUITE(token_threads, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(completed_by_another_thread_before_the_fiber_parks) {
    corun::run([] {
        const int value =
            hand_over<void(int)>(corun::yield, [](auto handler) { std::jthread{[&] { std::move(handler)(1); }}.join(); });
        BOOST_TEST(value == 1);
    });
}

BOOST_AUTO_TEST_CASE(completed_by_another_thread_while_the_fiber_parks) {
    asio::thread_pool other{1};
    int sum = 0;
    constexpr int rounds = 5'000;
    corun::run([&] {
        for (int i = 0; i < rounds; ++i)
            sum += hand_over<void(int)>(corun::yield, [&](auto handler) {
                asio::post(other, [own = std::move(handler)]() mutable { std::move(own)(1); });
            });
    });
    other.join();
    BOOST_TEST(sum == rounds);
}

BOOST_AUTO_TEST_CASE(completed_by_another_thread_after_the_fiber_has_parked) {
    corun::run([] {
        asio::thread_pool other{1};
        std::promise<void> parked;
        auto waits = corun::spawn([&] {
            return hand_over<void(int)>(corun::yield, [&](auto handler) {
                asio::post(other, [own = std::move(handler), go = parked.get_future()]() mutable {
                    go.wait();
                    std::move(own)(2);
                });
            });
        });
        corun::yield();
        BOOST_TEST(!waits.done());
        parked.set_value();
        BOOST_TEST(corun::yield(waits.join()) == 2);
    });
}

BOOST_AUTO_TEST_CASE(dropped_by_another_thread_the_fiber_is_cancelled) {
    corun::run([] {
        asio::thread_pool other{1};
        auto reason = corun::cancel_reason::requested;
        auto waits = corun::spawn([&] {
            try {
                hand_over<void()>(corun::yield, [&](auto handler) { asio::post(other, [own = std::move(handler)] {}); });
            } catch (const corun::cancelled& c) {
                reason = c.reason();
                throw;
            }
        });
        BOOST_CHECK_THROW(corun::yield(waits.join()), corun::fiber_cancelled);
        BOOST_TEST((reason == corun::cancel_reason::abandoned));
    });
}

BOOST_AUTO_TEST_CASE(completed_by_many_threads_for_many_fibers) {
    asio::thread_pool fibers{2}, others{2};
    std::atomic<int> sum{0};
    std::vector<corun::fiber<>> all;
    for (int i = 0; i < 100; ++i)
        all.push_back(corun::spawn(i % 2 == 0 ? fibers.get_executor() : others.get_executor(), [&] {
            for (int k = 0; k < 50; ++k) {
                auto& elsewhere = k % 2 == 0 ? others : fibers;
                sum += hand_over<void(int)>(corun::yield, [&](auto handler) {
                    asio::post(elsewhere, [own = std::move(handler)]() mutable { std::move(own)(1); });
                });
            }
        }));
    for (auto& fiber : all) fiber.get();  // before the join: a pool whose own work is done would leave the other's undone
    fibers.join();
    others.join();
    BOOST_TEST(sum == 5'000);
}

BOOST_AUTO_TEST_SUITE_END()
