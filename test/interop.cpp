// Fibers as operations of others: in parallel groups, behind operators of coroutines, on every kind of executor.
#include <corun/blocking.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/timeout.hpp>
#include <corun/token.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/system_context.hpp"

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>
#if BOOST_VERSION >= 108600
#include <boost/asio/cancel_after.hpp>
#endif

#include <array>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>

namespace asio = boost::asio;
namespace experimental = asio::experimental;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

int sleeps_for_ever() {
    corun::yield(corun::sleep_for(1h));
    return 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(interop, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_parallel_group_of_fibers_waits_for_all) {
    asio::io_context io;
    int sum = 0;
    experimental::make_parallel_group(corun::spawn(
                                          io,
                                          [] {
                                              corun::yield();
                                              return 1;
                                          },
                                          asio::deferred),
                                      corun::spawn(
                                          io, [] { return 2; }, asio::deferred))
        .async_wait(experimental::wait_for_all(), [&](auto, std::exception_ptr, int a, std::exception_ptr, int b) { sum = a + b; });
    io.run();
    BOOST_TEST(sum == 3);
}

BOOST_AUTO_TEST_CASE(a_parallel_group_that_waits_for_one_cancels_the_other_fiber) {
    asio::io_context io;
    int value = 0;
    bool other_failed = false;
    experimental::make_parallel_group(corun::spawn(
                                          io, [] { return 5; }, asio::deferred),
                                      corun::spawn(io, sleeps_for_ever, asio::deferred))
        .async_wait(experimental::wait_for_one(), [&](auto, std::exception_ptr, int v, std::exception_ptr e, int) {
            value = v;
            other_failed = e != nullptr;
        });
    io.run();
    BOOST_TEST(value == 5);
    BOOST_TEST(other_failed);
}

BOOST_AUTO_TEST_CASE(a_coroutine_awaits_a_fiber_or_a_timer) {
    using namespace experimental::awaitable_operators;
    asio::io_context io;
    std::size_t first = 9;
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            asio::steady_timer timer{io, 1ms};
            const auto outcome =
                co_await (corun::spawn(io, sleeps_for_ever, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
            first = outcome.index();
        },
        asio::detached);
    io.run();
    BOOST_TEST(first == 1U);
}

BOOST_AUTO_TEST_CASE(a_coroutine_that_is_cancelled_cancels_the_fiber_it_awaits) {
    asio::io_context io;
    asio::cancellation_signal signal;
    bool unwound = false, told = false;
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            co_await corun::spawn(
                io,
                [&] {
                    try {
                        corun::yield(corun::sleep_for(1h));
                    } catch (const corun::cancelled&) {
                        unwound = true;
                        throw;
                    }
                },
                asio::use_awaitable);
        },
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { told = e != nullptr; }));
    asio::post(io, [&] { asio::post(io, [&] { signal.emit(asio::cancellation_type::terminal); }); });
    io.run();
    BOOST_TEST(unwound);
    BOOST_TEST(told);
}

BOOST_AUTO_TEST_CASE(sockets_on_strands_and_other_contexts_bring_the_fiber_back_to_its_own) {
    asio::io_context home;
    asio::thread_pool elsewhere{2};
    bool stayed = true;
    std::string got(5, '\0');
    corun::spawn(home, [&] {
        const auto mine = std::this_thread::get_id();
        using socket = asio::basic_stream_socket<tcp, asio::strand<asio::thread_pool::executor_type>>;
        tcp::acceptor acceptor{elsewhere, {asio::ip::address_v4::loopback(), 0}};
        socket client{asio::make_strand(elsewhere.get_executor())};
        corun::yield(client.async_connect(acceptor.local_endpoint(), asio::deferred));
        stayed = stayed && std::this_thread::get_id() == mine;
        auto peer = corun::yield(acceptor.async_accept(asio::make_strand(elsewhere.get_executor()), asio::deferred));
        corun::yield(asio::async_write(peer, asio::buffer("hello", 5), asio::deferred));
        stayed = stayed && std::this_thread::get_id() == mine;
        corun::yield(asio::async_read(client, asio::buffer(got), asio::deferred));
        stayed = stayed && std::this_thread::get_id() == mine;
    });
    home.run();
    elsewhere.join();
    BOOST_TEST(got == "hello");
    BOOST_TEST(stayed);
}

BOOST_AUTO_TEST_CASE(a_callback_api_becomes_a_call_by_async_initiate) {
    corun::run([] {
        const auto ask_later = [](auto&& token) {  // as applications wrap what takes a std::function
            return asio::async_initiate<decltype(token), void(std::string)>(
                [](auto handler) {
                    const auto kept = std::make_shared<decltype(handler)>(std::move(handler));
                    const std::function<void(std::string)> callback = [kept](std::string s) { std::move (*kept)(std::move(s)); };
                    asio::post(corun::this_fiber::executor(), [callback] { callback("called back"); });
                },
                token);
        };
        BOOST_TEST(ask_later(corun::yield) == "called back");
    });
}

BOOST_AUTO_TEST_CASE(a_timeout_of_corun_around_an_operation_of_another_context) {
    asio::io_context io;
    asio::thread_pool elsewhere{1};
    bool timed_out = false;
    corun::spawn(io, [&] {
        asio::steady_timer timer{elsewhere, 1h};
        try {
            corun::yield(corun::with_timeout(1ms, timer.async_wait(asio::deferred)));
        } catch (const corun::timed_out&) {
            timed_out = true;
        }
    });
    io.run();
    elsewhere.join();
    BOOST_TEST(timed_out);
}

#if BOOST_VERSION >= 108600
BOOST_AUTO_TEST_CASE(cancel_after_around_a_fiber) {
    asio::io_context io;
    bool told = false;
    corun::spawn(io, sleeps_for_ever, asio::cancel_after(1ms, [&](std::exception_ptr e, int) { told = e != nullptr; }));
    io.run();
    BOOST_TEST(told);
}
#endif

BOOST_AUTO_TEST_SUITE_END()

// Its scheduler lives as long as the process.
BOOST_AUTO_TEST_SUITE(interop_system_context)

BOOST_AUTO_TEST_CASE(fibers_on_the_system_context_exclude_each_other) {
    int plain = 0;
    std::vector<std::future<void>> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(corun::spawn(
            asio::system_executor{},
            [&] {
                for (int k = 0; k < 10; ++k) {
                    ++plain;
                    corun::yield();
                }
            },
            asio::use_future));
    for (auto& each : all) each.get();
    BOOST_TEST(plain == 200);
    corun_test::system_context::come_to_rest();  // a last drive may be about to end
}

BOOST_AUTO_TEST_SUITE_END()
