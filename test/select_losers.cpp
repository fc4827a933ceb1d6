#include <corun/select.hpp>

#include <corun/channel.hpp>
#include <corun/concurrent_channel.hpp>
#include <corun/event.hpp>
#include <corun/fiber.hpp>
#include <corun/mutex.hpp>
#include <corun/run.hpp>
#include <corun/semaphore.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>

using corun_test::scripted;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(select_losers, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_loser_never_consumes) {
    corun::run([] {
        corun::channel<int> a, b;
        corun::semaphore permits{0};
        corun::mutex m;
        auto held = corun::yield(m.lock());
        corun::event once{corun::event_reset::automatic};
        int from_a = 0;
        auto selecting = corun::spawn([&] {
            const auto result =
                corun::yield(corun::select(a.receive(), b.receive(), permits.acquire(), m.lock(), once.wait(), b.send(9)));
            BOOST_TEST(result.index() == 0);
            from_a = std::get<0>(result).value();
        });
        corun::yield();
        BOOST_TEST(a.try_send(1));   // commits; the fiber has not run since
        BOOST_TEST(!b.try_send(2));  // so this one finds nobody
        BOOST_TEST(!b.try_receive().has_value());
        permits.release();
        held.unlock();
        once.set();
        corun::yield(selecting.join());
        BOOST_TEST(from_a == 1);
        BOOST_TEST(permits.permits() == 1);
        BOOST_TEST(!m.is_locked());
        BOOST_TEST(once.is_set());
    });
}

BOOST_AUTO_TEST_CASE(two_selects_meet_and_neither_meets_itself) {
    corun::run([] {
        corun::channel<int> c;
        int delivered = 0;
        const auto both = [&] {
            auto result = corun::yield(corun::select(c.receive(), c.send(1)));
            if (result.index() == 0) ++delivered;
        };
        auto alone = corun::spawn(both);
        corun::yield();
        BOOST_TEST(!alone.done());
        auto other = corun::spawn(both);
        corun::yield(alone.join());
        corun::yield(other.join());
        BOOST_TEST(delivered == 1);
    });
}

BOOST_AUTO_TEST_CASE(of_a_lost_send_the_value_is_still_the_senders) {
    corun::run([] {
        corun::channel<std::string> c;
        std::string text = "a string too long to be kept in place";
        const auto result = corun::yield(corun::select(c.send(std::move(text)), corun::sleep_for(1ms)));
        BOOST_TEST(result.index() == 1);
        BOOST_TEST(text == "a string too long to be kept in place");
    });
}

BOOST_AUTO_TEST_CASE(an_operation_of_the_users_that_loses_is_withdrawn_or_waited_for) {
    corun::run([] {
        corun::channel<int> c;
        scripted obedient, stubborn;
        std::optional<corun::waker> selecting;
        stubborn.on_start = [&](corun::waker w) { selecting = std::move(w); };
        stubborn.on_cancel = [] { return false; };
        auto sender = corun::spawn([&] {
            corun::yield(c.send(3));
            corun::yield();
            BOOST_TEST(stubborn.calls == "start;cancel;");
            stubborn.is_ready = true;
            selecting->wake();
        });
        const auto result = corun::yield(corun::select(obedient, c.receive(), stubborn));
        BOOST_TEST(std::get<1>(result).value() == 3);
        BOOST_TEST(stubborn.is_ready.load());
        BOOST_TEST(obedient.calls == "start;cancel;");
        BOOST_TEST(stubborn.calls == "start;cancel;");
    });
}

BOOST_AUTO_TEST_CASE(a_start_that_throws_withdraws_what_was_started) {
    corun::run([] {
        corun::channel<int> c;
        scripted first, second;
        second.on_start = [](const corun::waker&) { throw std::out_of_range{"start"}; };
        BOOST_CHECK_THROW(corun::yield(corun::select(c.receive(), first, second)), std::out_of_range);
        BOOST_TEST(first.calls == "start;cancel;");
        BOOST_TEST(!c.try_send(1));
    });
}

BOOST_AUTO_TEST_CASE(cancelled_it_leaves_nothing_behind) {
    corun::run([] {
        corun::channel<int> a, b;
        corun::event e;
        auto selecting = corun::spawn([&] { corun::yield(corun::select(a.receive(), b.send(1), e.wait(), corun::sleep_for(1h))); });
        corun::yield();
        selecting.cancel();
        BOOST_CHECK_THROW(corun::yield(selecting.join()), corun::fiber_cancelled);
        BOOST_TEST(!a.try_send(1));
        BOOST_TEST(!b.try_receive().has_value());
    });
}

BOOST_AUTO_TEST_CASE(a_case_that_was_committed_wins_over_a_cancellation) {
    corun::run([] {
        corun::channel<int> a, b;
        int value = 0;
        auto selecting = corun::spawn([&] { value = std::get<0>(corun::yield(corun::select(a.receive(), b.receive()))).value(); });
        corun::yield();
        BOOST_TEST(a.try_send(4));
        selecting.cancel();
        corun::yield(selecting.join());
        BOOST_TEST(value == 4);
    });
}

BOOST_AUTO_TEST_CASE(an_ordered_one_goes_on_where_a_case_only_seemed_ready) {
    corun::run([] {
        corun::channel<int> seems, has{1}, decides;
        auto decided = corun::spawn([&] { (void)corun::yield(corun::select(seems.receive(), decides.receive())); });
        corun::yield();
        BOOST_TEST(has.try_send(1));
        BOOST_TEST(decides.try_send(0));  // the one who receives from `seems` has not run since
        const auto result = corun::yield(corun::select_ordered(seems.send(7), has.receive(), corun::or_else()));
        BOOST_TEST(result.index() == 1U);
        corun::yield(decided.join());
    });
}

BOOST_AUTO_TEST_CASE(one_of_a_twin_can_be_waited_for_again) {
    corun::run([] {
        corun::concurrent_channel<int> c;
        corun::event other;
        auto receive = c.receive();
        {
            auto lost = corun::spawn([&] { BOOST_TEST(corun::yield(corun::select(receive, other.wait())).index() == 1U); });
            corun::yield();
            other.set();
            corun::yield(lost.join());
        }
        auto receiving = corun::spawn([&] { BOOST_TEST(corun::yield(receive).value() == 42); });
        corun::yield();
        BOOST_TEST(c.try_send(42));
        corun::yield(receiving.join());
    });
}

BOOST_AUTO_TEST_CASE(a_case_that_becomes_ready_while_another_one_begins_is_taken) {
    corun::run([] {
        corun::channel<int> c{1};
        corun::concurrent_channel<int> twin{1};
        corun::event e;
        scripted sends, sets, feeds;
        sends.on_start = [&](const corun::waker&) { BOOST_TEST(c.try_send(42)); };
        sets.on_start = [&](const corun::waker&) { e.set(); };
        feeds.on_start = [&](const corun::waker&) { BOOST_TEST(twin.try_send(43)); };
        BOOST_TEST(std::get<1>(corun::yield(corun::select(sends, c.receive(), corun::sleep_for(1h)))).value() == 42);
        BOOST_TEST(corun::yield(corun::select(e.wait(), sets, corun::sleep_for(1h))).index() == 0U);
        BOOST_TEST(std::get<1>(corun::yield(corun::select(feeds, twin.receive(), c.receive()))).value() == 43);
        BOOST_TEST(sends.calls == "start;cancel;");
        BOOST_TEST(c.try_send(1));
    });
}

BOOST_AUTO_TEST_SUITE_END()
