// The concurrent_ twins by completion tokens: callbacks and coroutines, beside fibers and threads.
#include "support/leaks.hpp"
#include "support/twins.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using asio::use_awaitable;
using corun_test::twins;

BOOST_FIXTURE_TEST_SUITE(concurrent_tokens, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(coroutines_wait_for_each_kind) {
    twins all;
    asio::io_context context;
    int steps = 0;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
            co_await all.full.async_send(7, use_awaitable);
            ++steps;
            BOOST_TEST((co_await all.empty.async_receive(use_awaitable)).value() == 5);
            ++steps;
            {
                const auto guard = co_await all.mutex.async_lock(use_awaitable);
                BOOST_TEST(guard.owns());
            }
            ++steps;
            co_await all.semaphore.async_acquire(2, use_awaitable);
            ++steps;
            co_await all.event.async_wait(use_awaitable);
            ++steps;
            co_await all.latch.async_wait(use_awaitable);
            ++steps;
            co_await all.group.async_wait(use_awaitable);
            ++steps;
            BOOST_TEST((co_await all.reader.async_receive(use_awaitable))->value == 9);
            ++steps;
        },
        asio::detached);
    std::jthread other{[&] { all.grant(); }};
    context.run();
    BOOST_TEST(steps == twins::kinds);
}

BOOST_AUTO_TEST_CASE(callbacks_wait_for_each_kind) {
    twins all;
    asio::io_context context;
    std::array<int, twins::kinds> called{};
    all.start([&](std::size_t number) {
        return asio::bind_executor(context,
                                   [&called, number](const std::exception_ptr& failure, auto&&...) { called[number] += !failure; });
    });
    std::jthread other{[&] { all.grant(); }};
    context.run();
    for (const int times : called) BOOST_TEST(times == 1);
}

BOOST_AUTO_TEST_CASE(each_kind_is_cancelled_through_its_slot_and_has_taken_nothing) {
    twins all;
    asio::io_context context;
    std::array<asio::cancellation_signal, twins::kinds> stop;
    int aborted = 0;
    all.start([&](std::size_t number) {
        return asio::bind_cancellation_slot(stop[number].slot(),
                                            asio::bind_executor(context, [&](const std::exception_ptr& failure, auto&&...) {
                                                try {
                                                    if (failure) std::rethrow_exception(failure);
                                                } catch (const boost::system::system_error& e) {
                                                    aborted += e.code() == asio::error::operation_aborted;
                                                }
                                            }));
    });
    for (auto& each : stop) each.emit(asio::cancellation_type::terminal);
    context.run();
    BOOST_TEST(aborted == twins::kinds);
    all.grant();
    BOOST_TEST(!all.full.try_receive());
    BOOST_TEST(all.empty.try_receive().value() == 5);
    BOOST_TEST(all.mutex.try_lock().owns());
    BOOST_TEST(all.semaphore.permits() == 2);
    BOOST_TEST(all.event.try_wait());
}

// What a handler was given, and its context's end kept from it, is there for others: no mutex without an owner.
BOOST_AUTO_TEST_CASE(what_an_uncalled_handler_was_given_comes_back) {
    twins all;
    int called = 0;
    {
        asio::io_context context;
        all.start(
            [&](std::size_t) { return asio::bind_executor(context, [&](const std::exception_ptr&, auto&&...) { ++called; }); });
        all.grant();
    }
    BOOST_TEST(called == 0);
    BOOST_TEST(all.mutex.try_lock().owns());
    BOOST_TEST(all.semaphore.permits() == 2);
    BOOST_TEST(all.event.try_wait());
}

BOOST_AUTO_TEST_CASE(what_an_uncalled_handler_was_given_ends_with_its_primitive) {
    int called = 0;
    std::optional<twins> all;
    {
        asio::io_context context;
        all.emplace().start(
            [&](std::size_t) { return asio::bind_executor(context, [&](const std::exception_ptr&, auto&&...) { ++called; }); });
        all->grant();
        all.emplace();  // others, in the same places
    }
    BOOST_TEST(called == 0);
    BOOST_TEST(!all->mutex.try_lock().owns());
    BOOST_TEST(all->semaphore.permits() == 0);
    BOOST_TEST(!all->event.try_wait());
}

BOOST_AUTO_TEST_CASE(the_primitive_and_the_context_of_its_handler_may_end_at_the_same_time) {
    for (int i = 0; i != 200; ++i) {
        auto semaphore = std::make_unique<corun::concurrent_semaphore>(1);
        auto context = std::make_unique<asio::io_context>();
        semaphore->async_acquire(1, asio::bind_executor(*context, [](const std::exception_ptr&) {}));
        std::thread ends{[&] { context.reset(); }};
        semaphore.reset();
        ends.join();
    }
}

BOOST_AUTO_TEST_CASE(a_signal_may_come_after_the_end_of_what_was_waited_for) {
    asio::io_context context;
    std::array<asio::cancellation_signal, twins::kinds> stop;
    int called = 0;
    {
        twins all;
        all.start([&](std::size_t number) {
            return asio::bind_cancellation_slot(
                stop[number].slot(), asio::bind_executor(context, [&](const std::exception_ptr&, auto&&...) { ++called; }));
        });
        stop[2].emit(asio::cancellation_type::terminal);  // the guard of the mutex ends before the mutex, and would hand it over
    }
    for (auto& each : stop) each.emit(asio::cancellation_type::terminal);
    context.run();
    BOOST_TEST(called == 1);
}

BOOST_AUTO_TEST_SUITE_END()
