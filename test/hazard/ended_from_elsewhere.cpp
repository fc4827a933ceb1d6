// Contexts whose end meets other schedulers and other threads.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// Gives its waker away, and does not wait.
struct waker_for {
    std::optional<corun::waker>& to;
    std::mutex& lock;
    bool is_given = false;
    [[nodiscard]] bool ready() const noexcept { return is_given; }
    void start(corun::waker w) {
        const std::lock_guard hold{lock};
        to = std::move(w);
        is_given = true;
    }
    [[nodiscard]] bool cancel() noexcept { return true; }
    void get() noexcept {}
};

// Waits for a fiber, however the block is left.
struct joined_at_end {
    corun::fiber<>& fiber;
    bool& has_waited;
    ~joined_at_end() {
        corun::yield(fiber.wait());
        has_waited = true;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ended_from_elsewhere, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(by_a_fiber_of_another_context) {
    corun::run([] {
        std::optional<corun::cancel_reason> reason;
        {
            asio::io_context inner;
            asio::steady_timer timer{inner, 1h};  // its service is older than the schedulers', and ends after it
            corun::spawn(inner, [&] {
                try {
                    corun::yield(timer.async_wait(asio::deferred));
                } catch (const corun::cancelled& c) {
                    reason = c.reason();
                    throw;
                }
            });
            std::thread{[&] { inner.poll(); }}.join();
        }
        BOOST_TEST((reason == corun::cancel_reason::shutdown));
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(with_a_fiber_that_waits_while_it_unwinds_for_one_of_another_scheduler) {
    bool has_waited = false;
    {
        corun::fiber<> second;
        asio::io_context io;
        corun::spawn(io, [&] {
            const joined_at_end guard{second, has_waited};
            corun::yield(corun::sleep_for(1h));
        });
        second = corun::spawn(asio::make_strand(io), [] { corun::yield(corun::sleep_for(1h)); });
        io.poll();
    }
    BOOST_TEST(has_waited);
}

BOOST_AUTO_TEST_CASE(while_another_thread_wakes_its_fiber) {
    std::optional<corun::waker> shared;
    std::mutex lock;
    std::atomic<bool> enough{false};
    std::thread other{[&] {
        while (!enough) {
            std::optional<corun::waker> mine;
            {
                const std::lock_guard hold{lock};
                mine = shared;
            }
            for (int i = 0; mine && i < 100; ++i) mine->wake();
        }
    }};
    int ended = 0;
    constexpr int rounds = 500;
    for (int i = 0; i < rounds; ++i) {
        asio::io_context io;
        asio::steady_timer timer{io, 1h};
        corun::spawn(io, [&] {
            corun::yield(waker_for{shared, lock});
            BOOST_CHECK_THROW(corun::yield(timer.async_wait(asio::deferred)), corun::cancelled);
            ++ended;
        });
        io.poll();
    }
    enough = true;
    other.join();
    BOOST_TEST(ended == rounds);
}

BOOST_AUTO_TEST_SUITE_END()
