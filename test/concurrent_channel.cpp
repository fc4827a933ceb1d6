#include <corun/concurrent_channel.hpp>

#include <corun/fiber.hpp>
#include <corun/race.hpp>
#include <corun/run.hpp>
#include <corun/scheduler.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/threads.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <any>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(concurrent_channel, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(from_a_thread_to_a_fiber_and_back) {
    corun::concurrent_channel<std::string> there, back;
    std::jthread thread{[&] {
        while (auto word = there.blocking_receive()) back.blocking_send(*word + "!");
        back.close();
    }};
    corun::run([&] {
        for (const char* word : {"one", "two", "three"}) {
            corun::yield(there.send(word));
            BOOST_TEST(corun::yield(back.receive()).value() == std::string{word} + "!");
        }
        there.close();
        BOOST_TEST(!corun::yield(back.receive()).has_value());
        BOOST_CHECK_THROW(corun::yield(there.send("late")), corun::channel_closed);
    });
}

BOOST_AUTO_TEST_CASE(each_value_arrives_once_and_in_its_senders_order) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{16}, corun::unbounded})
        for (const int threads : {2, 4, 8}) {
            constexpr int values = 2000;
            corun::concurrent_channel<std::pair<int, std::unique_ptr<int>>> c{capacity};
            std::atomic<int> senders{threads / 2};
            std::atomic<bool> in_order{true};
            std::atomic<int> received{0};
            {
                std::vector<std::jthread> all;
                for (int t = 0; t < threads / 2; ++t) {
                    all.emplace_back([&, t] {  // every other one on a fiber
                        const auto send_all = [&](auto send) {
                            for (int i = 0; i < values; ++i) send(std::pair{t, std::make_unique<int>(i)});
                            if (--senders == 0) c.close();
                        };
                        if (t % 2 == 0)
                            corun::run([&] { send_all([&](auto v) { corun::yield(c.send(std::move(v))); }); });
                        else
                            send_all([&](auto v) { c.blocking_send(std::move(v)); });
                    });
                    all.emplace_back([&, t] {
                        std::vector<int> last(static_cast<std::size_t>(threads), -1);
                        const auto receive_all = [&](auto receive) {
                            while (auto v = receive()) {
                                int& before = last[static_cast<std::size_t>(v->first)];
                                if (*v->second <= before) in_order = false;
                                before = *v->second;
                                ++received;
                            }
                        };
                        if (t % 2 == 1)
                            corun::run([&] { receive_all([&] { return corun::yield(c.receive()); }); });
                        else
                            receive_all([&] { return c.blocking_receive(); });
                    });
                }
            }
            BOOST_TEST(received.load() == values * (threads / 2));
            BOOST_TEST(in_order.load());
        }
}

BOOST_AUTO_TEST_CASE(a_cancelled_send_is_still_yours_or_delivered) {
    int delivered = 0, kept = 0;
    for (int round = 0; round < 300; ++round) {
        corun::concurrent_channel<std::unique_ptr<int>> c;
        std::jthread receiving{[&] {
            std::this_thread::yield();
            if (auto v = c.try_receive()) delivered += **v == 5;
        }};
        corun::run([&] {
            auto value = std::make_unique<int>(5);
            auto sending = corun::spawn([&] { corun::yield(c.send(std::move(value))); });
            corun::yield();
            sending.cancel();
            try {
                corun::yield(sending.join());
            } catch (const corun::fiber_cancelled&) {
            }
            kept += value != nullptr;
        });
        receiving.join();
    }
    BOOST_TEST(delivered + kept == 300);
}

BOOST_AUTO_TEST_CASE(callbacks_coroutines_and_fibers_share_one) {
    asio::io_context context;
    corun::concurrent_channel<int> c{1};
    int by_callback = 0, by_coroutine = 0, by_fiber = 0;
    c.async_receive(asio::bind_executor(context, [&](std::exception_ptr, std::optional<int> v) {
        by_callback = v.value();
        c.async_send(2, asio::bind_executor(context, [](std::exception_ptr e) { BOOST_TEST(!e); }));
    }));
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
            by_coroutine = (co_await c.async_receive(asio::use_awaitable)).value();
            co_await c.async_send(3, asio::use_awaitable);
        },
        asio::detached);
    corun::spawn(context, [&] {
        corun::yield(c.send(1));
        corun::yield(corun::sleep_for(2ms));
        by_fiber = corun::yield(c.receive()).value();
    });
    context.run();
    BOOST_TEST(by_callback == 1);
    BOOST_TEST(by_coroutine == 2);
    BOOST_TEST(by_fiber == 3);
}

BOOST_AUTO_TEST_CASE(a_handler_is_cancelled_through_its_slot) {
    asio::io_context context;
    corun::concurrent_channel<int> c;
    asio::cancellation_signal signal;
    bool aborted = false;
    c.async_receive(
        asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(context, [&](std::exception_ptr e, std::optional<int>) {
                                         try {
                                             std::rethrow_exception(e);
                                         } catch (const boost::system::system_error& error) {
                                             aborted = error.code() == asio::error::operation_aborted;
                                         }
                                     })));
    signal.emit(asio::cancellation_type::all);
    context.run();
    BOOST_TEST(aborted);
    BOOST_TEST(!c.try_send(1));
}

BOOST_AUTO_TEST_CASE(handlers_that_still_wait_at_its_end_are_destroyed_uncalled) {
    asio::io_context context;
    const auto shared = std::make_shared<int>();
    {
        corun::concurrent_channel<int> c;
        c.async_receive(asio::bind_executor(context, [shared](std::exception_ptr, std::optional<int>) { std::abort(); }));
        BOOST_TEST(shared.use_count() == 2);
    }
    BOOST_TEST(shared.use_count() == 1);
    context.run();
}

BOOST_AUTO_TEST_CASE(a_loser_of_a_race_keeps_its_value) {
    corun::run([] {
        corun::concurrent_channel<int> a{1}, b{1};
        (void)a.try_send(1);
        (void)b.try_send(2);
        auto result = corun::yield(corun::race(a.receive(), b.receive()));
        int sum = 0;
        if (result.get<0>()) sum += result.get<0>().value().value();
        if (result.get<1>()) sum += result.get<1>().value().value();
        sum += a.try_receive().value_or(0) + b.try_receive().value_or(0);
        BOOST_TEST(sum == 3);
    });
}

BOOST_AUTO_TEST_CASE(in_steady_state_it_allocates_nothing) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        corun::concurrent_channel<std::unique_ptr<int>> c{8}, none;
        auto echo = corun::spawn([&] {
            while (auto v = corun::yield(none.receive())) corun::yield(c.send(std::move(*v)));
        });
        auto value = std::make_unique<int>(1);
        std::size_t before = 0;
        for (int i = 0; i < 100; ++i) {
            if (i == 10) before = corun_test::allocations_made();
            corun::yield(none.send(std::move(value)));
            value = *corun::yield(c.receive());
        }
        BOOST_TEST(corun_test::allocations_made() == before);
        none.close();
        corun::yield(echo.join());
    });
}

BOOST_AUTO_TEST_CASE(blocking_on_a_fiber_is_refused) {
    corun::run([] {
        corun::concurrent_channel<int> c;
        BOOST_CHECK_THROW((void)c.blocking_receive(), corun::switch_forbidden);
        BOOST_CHECK_THROW(c.blocking_send(1), corun::switch_forbidden);
    });
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_list_of_anything_is_no_list_of_one) {
    corun::concurrent_channel<std::vector<std::any>> c{3};
    const std::vector<std::any> three(3);
    corun::run([&] { corun::yield(c.send(three)); });
    c.blocking_send(three);
    BOOST_TEST(c.try_send(three));
    for (int i = 0; i != 3; ++i) BOOST_TEST(c.try_receive()->size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
