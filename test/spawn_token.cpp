// spawn with a completion token.
#include <corun/spawn.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/this_fiber.hpp>
#include <corun/timeout.hpp>
#include <corun/token.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/system_context.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

std::string message_of(const std::exception_ptr& e) {
    try {
        if (e) std::rethrow_exception(e);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "unknown";
    }
    return "";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(spawn_token, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_callback_gets_the_value) {
    asio::io_context context;
    int value = 0;
    corun::spawn(
        context, [] { return 5; },
        [&](std::exception_ptr e, int v) {
            BOOST_TEST(!e);
            value = v;
        });
    context.run();
    BOOST_TEST(value == 5);
}

BOOST_AUTO_TEST_CASE(a_callback_gets_the_failure_and_an_empty_value) {
    asio::io_context context;
    std::string message;
    corun::scheduler::of(context).on_unhandled([](const auto&) { BOOST_ERROR("the failure was received"); });
    corun::spawn(
        context, {.name = "x"}, []() -> std::string { throw std::runtime_error{"torn"}; },
        [&](std::exception_ptr e, std::string s) { message = message_of(e) + s; });
    context.run();
    BOOST_TEST(message == "torn");
}

BOOST_AUTO_TEST_CASE(a_callback_of_a_void_function) {
    asio::io_context context;
    bool called = false;
    corun::spawn(context, [] { corun::yield(); }, [&](std::exception_ptr e) { called = !e; });
    context.run();
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(a_callback_runs_off_the_fiber_after_its_end) {
    asio::io_context context;
    auto held = std::make_shared<int>();
    long uses = 0;
    bool on_fiber = true;
    corun::spawn(
        context, [held] {},
        [&, watched = std::weak_ptr<int>{held}](std::exception_ptr) {
            uses = watched.use_count();
            on_fiber = corun::this_fiber::exists();
        });
    context.run();
    BOOST_TEST(uses == 1);  // the fiber's captures are gone
    BOOST_TEST(!on_fiber);
}

BOOST_AUTO_TEST_CASE(a_callback_runs_on_its_own_executor) {
    asio::io_context context;
    asio::thread_pool pool{1};
    std::thread::id caller, pool_thread;
    asio::post(pool, [&] { pool_thread = std::this_thread::get_id(); });
    corun::spawn(
        context, [] { return 1; },
        asio::bind_executor(pool, [&](std::exception_ptr, int) { caller = std::this_thread::get_id(); }));
    context.run();
    pool.join();
    BOOST_TEST((caller == pool_thread));
}

BOOST_AUTO_TEST_CASE(a_callback_by_default_excludes_the_fibers) {
    asio::thread_pool pool{3};
    int plain = 0;
    for (int i = 0; i < 50; ++i)
        corun::spawn(
            pool,
            [&] {
                corun::yield();
                ++plain;
            },
            [&](std::exception_ptr) { ++plain; });
    pool.join();
    BOOST_TEST(plain == 100);
}

BOOST_AUTO_TEST_CASE(a_callback_keeps_the_context_of_its_executor_running) {
    asio::io_context context, other;
    bool called = false;
    corun::spawn(
        context, [] { corun::yield(corun::sleep_for(1ms)); },
        asio::bind_executor(other, [&](std::exception_ptr) { called = true; }));
    std::jthread runs{[&] { context.run(); }};
    other.run();
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(move_only_function_callback_and_result) {
    asio::io_context context;
    int value = 0;
    corun::spawn(
        context, [p = std::make_unique<int>(8)]() mutable { return std::move(p); },
        [&value, own = std::make_unique<int>(1)](std::exception_ptr, std::unique_ptr<int> p) { value = *p + *own; });
    context.run();
    BOOST_TEST(value == 9);
}

BOOST_AUTO_TEST_CASE(use_future_receives_value_or_failure) {
    {
        asio::io_context context;
        auto value = corun::spawn(context, [] { return 6; }, asio::use_future);
        auto failure = corun::spawn(context, []() -> int { throw std::out_of_range{"no"}; }, asio::use_future);
        auto nothing = corun::spawn(context, {.name = "quiet"}, [] {}, asio::use_future);
        context.run();
        BOOST_TEST(value.get() == 6);
        BOOST_CHECK_THROW(failure.get(), std::out_of_range);
        nothing.get();
    }
    // The promises are kept, and given up, by the system's threads.
    corun_test::system_context::come_to_rest();
}

BOOST_AUTO_TEST_CASE(detached_sends_a_failure_to_the_unhandled_handler) {
    asio::io_context context;
    int failures = 0;
    corun::scheduler::of(context).on_unhandled([&](const corun::unhandled_failure& f) {
        ++failures;
        BOOST_TEST(f.fiber.find("'gone'") != std::string::npos);
        BOOST_TEST(message_of(f.error) == "detached");
    });
    corun::spawn(context, {.name = "gone"}, [] { throw std::runtime_error{"detached"}; }, asio::detached);
    corun::spawn(context, [] {}, asio::detached);
    context.run();
    BOOST_TEST(failures == 1);
}

BOOST_AUTO_TEST_CASE(deferred_starts_when_it_is_called_and_keeps_the_name) {
    asio::io_context context;
    std::string name(60, 'n'), seen;
    auto later = corun::spawn(context, {.name = name}, [&] { seen = corun::this_fiber::name(); }, asio::deferred);
    name.assign(60, 'x');
    context.run();
    BOOST_TEST(seen.empty());
    bool called = false;
    std::move(later)([&](std::exception_ptr) { called = true; });
    context.restart();
    context.run();
    BOOST_TEST(seen == std::string(60, 'n'));
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(an_impossible_stack_size_is_refused) {
    asio::io_context context;
    BOOST_CHECK_THROW(corun::spawn(
                          context, {.stack_size = 1}, [] {}, [](std::exception_ptr) { BOOST_ERROR("called"); }),
                      corun::stack_unavailable);
    context.run();
}

BOOST_AUTO_TEST_CASE(a_fiber_that_is_cancelled_when_its_context_dies_tells_a_callback_elsewhere) {
    asio::thread_pool pool{1};
    std::string message;
    {
        asio::io_context context;
        corun::spawn(
            context, {.name = "late"}, [] { corun::yield(corun::sleep_for(1h)); },
            asio::bind_executor(pool, [&](std::exception_ptr e) { message = message_of(e); }));
        context.poll();
    }
    pool.join();
    BOOST_TEST(message.find("fiber 'late'") != std::string::npos, message);
    BOOST_TEST(message.find("cancelled (shutdown)") != std::string::npos, message);
}

BOOST_AUTO_TEST_CASE(a_callback_on_a_context_that_dies_is_destroyed_uncalled) {
    auto held = std::make_shared<int>();
    {
        asio::io_context context;
        corun::spawn(context, [] { corun::yield(corun::sleep_for(1h)); }, [held](std::exception_ptr) { BOOST_ERROR("called"); });
        context.poll();
        BOOST_TEST(held.use_count() == 2);
    }
    BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(with_the_yield_token_one_fiber_waits_for_another) {
    corun::run([] {
        asio::thread_pool pool{1};
        const auto home = std::this_thread::get_id();
        const int value = corun::spawn(pool, [home] { return std::this_thread::get_id() == home ? 0 : 3; }, corun::yield);
        BOOST_TEST(value == 3);
        BOOST_CHECK_THROW(corun::spawn(pool, []() -> int { throw std::out_of_range{"x"}; }, corun::yield), std::out_of_range);
        BOOST_TEST(corun::yield(corun::spawn(pool, [] { return 4; }, asio::deferred)) == 4);
    });
}

BOOST_AUTO_TEST_CASE(a_fiber_that_waits_for_another_is_cancelled_as_in_any_wait) {
    corun::run([] {
        const auto for_ever = [] {
            return corun::spawn(corun::this_fiber::executor(), [] { corun::yield(corun::sleep_for(1h)); }, asio::deferred);
        };
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1ms, for_ever())), corun::timed_out);
        BOOST_TEST(!corun::yield(corun::move_on_after(1ms, for_ever())));
        auto waits = corun::spawn([&] { BOOST_CHECK_THROW(corun::yield(for_ever()), corun::cancelled); });
        corun::yield();
        waits.cancel();
        corun::yield(waits.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
