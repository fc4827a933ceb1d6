// Each concurrent_ twin, however it is waited for: deadlines, and what is left when a wait has failed.
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/timeout.hpp>
#include <corun/token.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/twins.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using corun_test::twins;
using namespace std::chrono_literals;

namespace {

/// Waits for each kind by f(number, wait), where wait(deadline) blocks the thread.
template <class Function>
void block_for_each(twins& t, Function f) {
    std::vector<int> batch;
    f(0, [&](auto until) { t.full.blocking_send(7, until); });
    f(1, [&](auto until) { BOOST_TEST(t.empty.blocking_receive(until).value() == 5); });
    f(2, [&](auto until) { BOOST_TEST(t.mutex.blocking_lock(until).owns()); });
    f(3, [&](auto until) { t.semaphore.blocking_acquire(2, until); });
    f(4, [&](auto until) { t.event.blocking_wait(until); });
    f(5, [&](auto until) { t.latch.blocking_wait(until); });
    f(6, [&](auto until) { t.group.blocking_wait(until); });
    f(7, [&](auto until) { BOOST_TEST(t.reader.blocking_receive(until)->value == 9); });
}

/// Nothing was taken of anything, and nobody is in any line.
void check_untouched(twins& t) {
    BOOST_TEST(t.full.try_receive().value() == 0);
    BOOST_TEST(!t.full.try_receive().has_value());
    BOOST_TEST(t.full.try_send(1));
    t.grant();
    BOOST_TEST(t.empty.try_receive().value() == 5);
    BOOST_TEST(t.mutex.try_lock().owns());
    BOOST_TEST(t.semaphore.permits() == 2);
    BOOST_TEST(t.event.try_wait());
    BOOST_TEST(t.reader.blocking_receive()->value == 9);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(concurrent_waits, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_thread_gives_up_at_its_deadline_and_has_taken_nothing) {
    twins t;
    block_for_each(t, [](int, auto wait) {
        BOOST_CHECK_THROW(wait(corun::clock::now()), corun::timed_out);
        const auto until = corun::clock::now() + 1ms;
        BOOST_CHECK_THROW(wait(until), corun::timed_out);
        BOOST_TEST((corun::clock::now() >= until));
    });
    std::vector<int> batch;
    BOOST_CHECK_THROW((void)t.empty.blocking_receive_some(batch, 2, corun::clock::now() + 1ms), corun::timed_out);
    check_untouched(t);
}

BOOST_AUTO_TEST_CASE(what_is_there_before_the_deadline_is_taken) {
    twins t;
    std::jthread other{[&] { t.grant(); }};
    block_for_each(t, [](int, auto wait) { wait(corun::clock::now() + 1h); });
}

BOOST_AUTO_TEST_CASE(what_is_there_is_taken_though_the_deadline_is_over) {
    twins t;
    t.grant();
    block_for_each(t, [](int, auto wait) { wait(corun::clock::time_point{}); });
}

BOOST_AUTO_TEST_CASE(of_a_send_that_times_out_the_value_is_still_the_senders) {
    corun::concurrent_channel<std::unique_ptr<int>> c;
    auto value = std::make_unique<int>(5);
    BOOST_CHECK_THROW(c.blocking_send(std::move(value), corun::clock::now() + 1ms), corun::timed_out);
    BOOST_TEST(*value == 5);
    BOOST_TEST(!c.try_receive().has_value());
}

BOOST_AUTO_TEST_CASE(a_deadline_and_a_grant_at_once_lose_nothing) {
    for (int round = 0; round < 500; ++round) {
        corun::concurrent_semaphore permits{0};
        corun::concurrent_channel<std::unique_ptr<int>> c;
        bool got = false, sent = false;
        auto value = std::make_unique<int>(5);
        std::optional<std::unique_ptr<int>> received;
        const auto until = corun::clock::now() + std::chrono::microseconds{round % 100};
        {
            std::jthread acquiring{[&] {
                try {
                    permits.blocking_acquire(1, until);
                    got = true;
                    c.blocking_send(std::move(value), until);
                    sent = true;
                } catch (const corun::timed_out&) {
                }
            }};
            permits.release();
            try {
                received = c.blocking_receive(until);
            } catch (const corun::timed_out&) {
            }
        }
        BOOST_TEST(permits.permits() == (got ? 0 : 1));
        BOOST_TEST(received.has_value() == sent);
        BOOST_TEST((value != nullptr) == !sent);
    }
}

BOOST_AUTO_TEST_CASE(fibers_wait_for_each_kind_by_a_token_too) {
    twins all;
    std::jthread other;
    corun::run([&] {
        std::vector<corun::fiber<>> fibers;
        int begun = 0;
        const auto wait = [&](auto start) {
            fibers.push_back(corun::spawn([&, start] {
                ++begun;
                start();
            }));
        };
        wait([&] { corun::yield(all.full.async_send(7, asio::deferred)); });
        wait([&] { BOOST_TEST(all.empty.async_receive(corun::yield).value() == 5); });
        wait([&] { BOOST_TEST(corun::yield(all.mutex.async_lock(asio::deferred)).owns()); });
        wait([&] { all.semaphore.async_acquire(2, corun::yield); });
        wait([&] { corun::yield(all.event.async_wait(asio::deferred)); });
        wait([&] { all.latch.async_wait(corun::yield); });
        wait([&] { corun::yield(all.group.async_wait(asio::deferred)); });
        wait([&] { BOOST_TEST(all.reader.async_receive(corun::yield)->value == 9); });
        corun::yield();
        BOOST_TEST(begun == twins::kinds);
        other = std::jthread{[&] { all.grant(); }};
        for (auto& f : fibers) corun::yield(f.join());
    });
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_what_a_fiber_waits_for_by_a_token) {
    twins all;
    corun::run([&] {
        const auto expires = [](auto op) {
            BOOST_CHECK_THROW((void)corun::yield(corun::with_timeout(1ms, std::move(op))), corun::timed_out);
        };
        expires(all.full.async_send(7, asio::deferred));
        expires(all.empty.async_receive(asio::deferred));
        expires(all.mutex.async_lock(asio::deferred));
        expires(all.semaphore.async_acquire(2, asio::deferred));
        expires(all.event.async_wait(asio::deferred));
        expires(all.latch.async_wait(asio::deferred));
        expires(all.group.async_wait(asio::deferred));
        expires(all.reader.async_receive(asio::deferred));
        std::vector<int> batch;
        expires(all.empty.async_receive_some(batch, 5, asio::deferred));
    });
    check_untouched(all);
}

BOOST_AUTO_TEST_SUITE_END()
