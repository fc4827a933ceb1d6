// Fibers among coroutines and futures.
#include <corun/token.hpp>

#include <corun/race.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"
#include "support/system_context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using corun_test::complete_with;

namespace {

asio::awaitable<int> twice(int n) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    co_return 2 * n;
}

asio::awaitable<void> fails() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    throw std::out_of_range{"coroutine"};
}

asio::awaitable<void> waits_for(asio::steady_timer& timer) { co_await timer.async_wait(asio::use_awaitable); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(token_interop, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_coroutine_awaits_a_fiber) {
    asio::io_context context;
    int value = 0;
    std::string message;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
            value = co_await corun::spawn(
                context,
                [] {
                    corun::yield();
                    return 4;
                },
                asio::use_awaitable);
            try {
                co_await corun::spawn(context, [] { throw std::out_of_range{"fiber"}; }, asio::use_awaitable);
            } catch (const std::out_of_range& e) {
                message = e.what();
            }
        },
        asio::detached);
    context.run();
    BOOST_TEST(value == 4);
    BOOST_TEST(message == "fiber");
}

BOOST_AUTO_TEST_CASE(a_fiber_waits_for_a_coroutine) {
    corun::run([] {
        BOOST_TEST(corun::yield(twice(4)) == 8);
        BOOST_CHECK_THROW(corun::yield(fails()), std::out_of_range);
    });
}

BOOST_AUTO_TEST_CASE(a_coroutine_reports_its_error_to_who_asks_for_it) {
    corun::run([] {
        const auto refused = [](error_code reason) -> asio::awaitable<int> {
            if (reason) throw boost::system::system_error{reason};
            co_return 3;
        };
        error_code ec = asio::error::eof;
        BOOST_TEST(corun::yield(refused({}), ec) == 3);
        BOOST_TEST(!ec);
        BOOST_TEST(corun::yield(refused(asio::error::connection_refused), ec) == 0);
        BOOST_TEST(ec == asio::error::connection_refused);
        BOOST_CHECK_THROW(corun::yield(fails(), ec), std::out_of_range);
    });
}

BOOST_AUTO_TEST_CASE(an_error_code_may_be_a_value) {
    corun::run([] {
        const auto finds = [](error_code what) -> asio::awaitable<error_code> { co_return what; };
        BOOST_TEST(corun::yield(finds(asio::error::eof)) == asio::error::eof);
        const auto executor = corun::this_fiber::executor();
        BOOST_TEST(corun::yield(corun::spawn(executor, [] { return error_code{}; }, asio::deferred)) == error_code{});
        BOOST_TEST(corun::yield(corun::race(finds(asio::error::eof))).get<0>().value() == asio::error::eof);
    });
}

BOOST_AUTO_TEST_CASE(a_coroutine_runs_exclusively_with_the_fibers_that_wait_for_it) {
    asio::thread_pool pool{3};
    int plain = 0;
    for (int i = 0; i < 20; ++i)
        corun::spawn(pool, [&] {
            corun::yield([](int& n) -> asio::awaitable<void> {
                for (int k = 0; k < 10; ++k) {
                    ++n;
                    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
                }
            }(plain));
            ++plain;
        });
    pool.join();
    BOOST_TEST(plain == 20 * 11);
}

BOOST_AUTO_TEST_CASE(a_cancelled_fiber_cancels_the_coroutine_it_waits_for) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        auto waits = corun::spawn([&] { corun::yield(waits_for(timer)); });
        corun::yield();
        corun::yield();
        waits.cancel();
        BOOST_CHECK_THROW(corun::yield(waits.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(a_coroutine_and_a_fiber_call_each_other_in_depth) {
    struct pair {
        static asio::awaitable<int> coroutine(int depth) {
            if (depth == 0) co_return 0;
            co_return 1 +
                co_await corun::spawn(co_await asio::this_coro::executor, [=] { return fiber(depth - 1); }, asio::use_awaitable);
        }
        static int fiber(int depth) { return depth == 0 ? 0 : 1 + corun::yield(coroutine(depth - 1)); }
    };
    BOOST_TEST(corun::run([] { return pair::fiber(21); }) == 21);
}

BOOST_AUTO_TEST_CASE(a_thread_waits_for_a_fiber_by_a_future) {
    {
        asio::thread_pool pool{1};
        auto value = corun::spawn(pool, [] { return complete_with<void(int)>(corun::yield, 3); }, asio::use_future);
        auto failure = corun::spawn(pool, [] { throw std::out_of_range{"fiber"}; }, asio::use_future);
        BOOST_TEST(value.get() == 3);
        BOOST_CHECK_THROW(failure.get(), std::out_of_range);
        pool.join();
    }
    // The promises are kept, and given up, by one of the system's threads.
    corun_test::system_context::come_to_rest();
}

BOOST_AUTO_TEST_CASE(in_steady_state_an_operation_allocates_nothing) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor()};
        const auto waits = [&](int times) {
            for (int i = 0; i < times; ++i) {
                timer.expires_at(asio::steady_timer::time_point::min());
                timer.async_wait(corun::yield);
                corun::yield(timer.async_wait(asio::deferred));
                corun::yield(corun::sleep_for(0s));
            }
        };
        waits(10);
        const std::size_t before = corun_test::allocations_made();
        waits(1'000);
        const std::size_t made = corun_test::allocations_made() - before;
        BOOST_TEST(made == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
