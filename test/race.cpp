#include <corun/race.hpp>

#include <corun/all.hpp>
#include <corun/channel.hpp>
#include <corun/event.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <string>

namespace asio = boost::asio;
using asio::local::stream_protocol;
using corun_test::scripted;
using namespace std::chrono_literals;

namespace {

struct connected {
    stream_protocol::socket a{corun::this_fiber::executor()}, b{corun::this_fiber::executor()};
    connected() { asio::local::connect_pair(a, b); }
};

bool is_aborted(const std::exception_ptr& e) {
    try {
        if (e) std::rethrow_exception(e);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    }
    return false;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(race, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(coroutines_race_on_the_fibers_scheduler) {
    corun::run([] {
        const asio::any_io_executor home = corun::this_fiber::executor();
        const auto after = [&](std::chrono::hours span, int n) -> asio::awaitable<int> {
            asio::steady_timer timer{co_await asio::this_coro::executor, span};
            co_await timer.async_wait(asio::use_awaitable);
            BOOST_TEST((timer.get_executor() == home));
            co_return n;
        };
        auto result = corun::yield(corun::race(after(1h, 1), after(0h, 2), corun::sleep_for(1h)));
        BOOST_TEST(result.winner() == 1U);
        BOOST_TEST(result.get<1>().value() == 2);
        BOOST_TEST(is_aborted(result.get<0>().error()));
        BOOST_TEST((corun::yield(corun::all(after(0h, 3), after(0h, 4))) == std::tuple{3, 4}));
        (void)corun::race(after(1h, 5));  // inert: nothing begins
    });
}

BOOST_AUTO_TEST_CASE(the_first_to_end_wins_and_the_others_are_stopped) {
    corun::run([] {
        connected peers;
        std::array<char, 8> buffer;
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        peers.b.write_some(asio::buffer("abc", 3));
        auto result = corun::yield(
            corun::race(timer.async_wait(asio::deferred), peers.a.async_read_some(asio::buffer(buffer), asio::deferred)));
        BOOST_TEST(result.winner() == 1U);
        BOOST_TEST(result.get<1>().value() == 3U);
        BOOST_TEST(is_aborted(result.get<0>().error()));
        // The read that lost a race took nothing.
        timer.expires_after(1ms);
        auto late = corun::yield(
            corun::race(timer.async_wait(asio::deferred), peers.a.async_read_some(asio::buffer(buffer), asio::deferred)));
        BOOST_TEST(late.winner() == 0U);
        BOOST_TEST(late.get<0>().has_value());
        BOOST_TEST(is_aborted(late.get<1>().error()));
        peers.b.write_some(asio::buffer("d", 1));
        BOOST_TEST(corun::yield(peers.a.async_read_some(asio::buffer(buffer), asio::deferred)) == 1U);
    });
}

BOOST_AUTO_TEST_CASE(beside_operations_of_ours) {
    corun::run([] {
        connected peers;
        std::array<char, 8> buffer;
        corun::channel<int> c;
        auto result = corun::yield(
            corun::race(peers.a.async_read_some(asio::buffer(buffer), asio::deferred), corun::sleep_for(1ms), c.receive()));
        BOOST_TEST(result.winner() == 1U);
        BOOST_TEST(result.get<2>().withdrawn());
        BOOST_TEST(!c.try_send(1));
    });
}

BOOST_AUTO_TEST_CASE(what_a_loser_completes_with_is_not_lost) {
    corun::run([] {
        auto result = corun::yield(corun::race(corun_test::complete_with<void(int)>(asio::deferred, 1),
                                               corun_test::complete_with<void(std::string)>(asio::deferred, std::string{"two"})));
        BOOST_TEST(result.get<0>().value() == 1);
        BOOST_TEST(result.get<1>().value() == "two");
    });
}

BOOST_AUTO_TEST_CASE(a_winner_may_have_failed) {
    corun::run([] {
        auto result = corun::yield(corun::race(
            corun_test::complete_with<void(boost::system::error_code)>(asio::deferred, boost::system::error_code{asio::error::eof}),
            corun::sleep_for(1h)));
        BOOST_TEST(result.winner() == 0U);
        BOOST_CHECK_THROW(result.get<0>().value(), boost::system::system_error);
    });
}

BOOST_AUTO_TEST_CASE(cancelled_it_stops_all_and_waits_for_them) {
    corun::run([] {
        connected peers;
        std::array<char, 8> buffer;
        auto racing = corun::spawn([&] {
            asio::steady_timer timer{corun::this_fiber::executor(), 1h};
            (void)corun::yield(corun::race(peers.a.async_read_some(asio::buffer(buffer), asio::deferred),
                                           timer.async_wait(asio::deferred), corun::sleep_for(1h)));
        });
        corun::yield();
        racing.cancel();
        BOOST_CHECK_THROW(corun::yield(racing.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(of_ours_alone_a_cancellation_withdraws_it_at_once) {
    corun::run([] {
        corun::channel<int> a, b;
        auto racing = corun::spawn([&] { (void)corun::yield(corun::race(a.receive(), b.receive())); });
        corun::yield();
        racing.cancel();
        BOOST_CHECK_THROW(corun::yield(racing.join()), corun::fiber_cancelled);
        BOOST_TEST(!a.try_send(1));
    });
}

BOOST_AUTO_TEST_CASE(a_loser_that_ends_while_it_is_asked_to_stop_ends_the_race) {
    corun::run([] {
        corun::event over;
        scripted loser;
        loser.on_cancel = [&] {
            loser.is_ready = true;
            return false;
        };
        auto racing = corun::spawn([&] {
            auto result = corun::yield(corun::race(loser, over.wait()));
            BOOST_TEST(result.winner() == 1U);
            BOOST_TEST(result.get<0>().value() == 5);
        });
        corun::yield();
        over.set();
        for (int turn = 0; turn != 3; ++turn) corun::yield();
        BOOST_TEST(racing.done());
        racing.cancel();
    });
}

BOOST_AUTO_TEST_CASE(cancelled_it_is_won_by_who_has_ended_first) {
    corun::run([] {
        corun::event never;
        scripted done;
        auto racing = corun::spawn([&] {
            auto result = corun::yield(corun::race(never.wait(), done));
            BOOST_TEST(result.winner() == 1U);
            BOOST_TEST(result.get<1>().value() == 5);
        });
        corun::yield();
        done.is_ready = true;
        racing.cancel();
        corun::yield(racing.join());
    });
}

BOOST_AUTO_TEST_CASE(what_an_earlier_one_makes_ready_is_not_waited_for) {
    corun::run([] {
        scripted asks;  // its answer comes at once
        corun::channel<int> answers{1};
        asks.on_start = [&](const corun::waker&) { BOOST_TEST(answers.try_send(42)); };
        auto racing = corun::spawn([&] {
            auto result = corun::yield(corun::race(asks, answers.receive()));
            BOOST_TEST(result.winner() == 1U);
            BOOST_TEST(result.get<1>().value().value() == 42);
        });
        for (int turn = 0; turn != 3; ++turn) corun::yield();
        BOOST_TEST(racing.done());
        racing.cancel();
    });
}

BOOST_AUTO_TEST_SUITE_END()
