#include <corun/all.hpp>

#include <corun/barrier.hpp>
#include <corun/channel.hpp>
#include <corun/concurrent_channel.hpp>
#include <corun/fiber.hpp>
#include <corun/mutex.hpp>
#include <corun/once.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(all, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(the_value_is_the_tuple_of_theirs) {
    corun::run([] {
        corun::channel<int> c;
        auto sender = corun::spawn([&] { corun::yield(c.send(3)); });
        auto joined = corun::spawn([] { return std::string{"joined"}; });
        const auto [number, nothing, text, asio_number] = corun::yield(
            corun::all(c.receive(), corun::sleep_for(1ms), joined.join(), corun_test::complete_with<void(int)>(asio::deferred, 4)));
        static_assert(std::is_same_v<decltype(nothing), const std::monostate>);
        BOOST_TEST(number.value() == 3);
        BOOST_TEST(text == "joined");
        BOOST_TEST(asio_number == 4);
    });
}

BOOST_AUTO_TEST_CASE(they_run_at_the_same_time) {
    corun::run([] {
        corun::channel<int> there, back;
        auto echo = corun::spawn([&] { corun::yield(back.send(*corun::yield(there.receive()))); });
        const auto [echoed, sent] = corun::yield(corun::all(back.receive(), there.send(5)));  // one after the other would never end
        BOOST_TEST(echoed.value() == 5);
    });
}

BOOST_AUTO_TEST_CASE(the_first_failure_stops_the_others_and_is_thrown) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        auto failing = corun::spawn([] {
            corun::yield(corun::sleep_for(1ms));
            throw std::out_of_range{"no"};
        });
        BOOST_CHECK_THROW((void)corun::yield(corun::all(timer.async_wait(asio::deferred), failing.join(), corun::sleep_for(1h))),
                          std::out_of_range);
    });
}

BOOST_AUTO_TEST_CASE(cancelled_all_are_stopped) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        auto waiting =
            corun::spawn([&] { (void)corun::yield(corun::all(timer.async_wait(asio::deferred), corun::sleep_for(1h))); });
        corun::yield();
        waiting.cancel();
        BOOST_CHECK_THROW(corun::yield(waiting.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(they_may_be_each_others_other_side) {
    corun::run([] {
        corun::channel<int> meeting, stored{1};
        corun::concurrent_channel<int> twin;
        corun::barrier both{2};
        auto waiting = corun::spawn([&] {
            BOOST_TEST(std::get<1>(corun::yield(corun::all(meeting.send(1), meeting.receive()))).value() == 1);
            BOOST_TEST(std::get<0>(corun::yield(corun::all(meeting.receive(), meeting.send(2)))).value() == 2);
            BOOST_TEST(std::get<0>(corun::yield(corun::all(stored.receive(), stored.send(3)))).value() == 3);
            BOOST_TEST(std::get<0>(corun::yield(corun::all(twin.receive(), twin.send(4)))).value() == 4);
            const auto [first, second] = corun::yield(corun::all(both.arrive_and_wait(), both.arrive_and_wait()));
            BOOST_TEST(!first);
            BOOST_TEST(second);
        });
        for (int turn = 0; turn != 9; ++turn) corun::yield();
        BOOST_TEST(waiting.done());
        waiting.cancel();
    });
}

BOOST_AUTO_TEST_CASE(one_may_free_what_another_one_waits_for) {
    corun::run([] {
        corun::mutex m;
        corun::once o;
        auto waiting = corun::spawn([&] {
            auto held = corun::yield(m.lock());
            const auto result = corun::yield(corun::all(m.lock(), o.call([&] { held.unlock(); })));
            BOOST_TEST(std::get<0>(result).owns());
        });
        for (int turn = 0; turn != 3; ++turn) corun::yield();
        BOOST_TEST(waiting.done());
        waiting.cancel();
    });
}

BOOST_AUTO_TEST_SUITE_END()
