// Operations of the concurrent_ twins as cases of select. What only several threads can get wrong is in stress/select_shared.cpp.
#include <corun/select.hpp>

#include <corun/channel.hpp>
#include <corun/concurrent_broadcast.hpp>
#include <corun/concurrent_channel.hpp>
#include <corun/concurrent_event.hpp>
#include <corun/concurrent_latch.hpp>
#include <corun/concurrent_mutex.hpp>
#include <corun/concurrent_semaphore.hpp>
#include <corun/concurrent_wait_group.hpp>
#include <corun/event.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

/// One of each, as cases of one select; all of them wait.
struct twins {
    corun::concurrent_channel<int> full{1}, empty{1};
    corun::concurrent_mutex mutex;
    corun::concurrent_semaphore semaphore{0};
    corun::concurrent_event event{corun::event_reset::automatic};
    corun::concurrent_latch latch{1};
    corun::concurrent_wait_group group;
    corun::concurrent_broadcast<int> news{4};
    corun::concurrent_broadcast<int>::subscription reader = news.subscribe();
    corun::guard<corun::concurrent_mutex> held = mutex.try_lock();

    twins() {
        full.try_send(0);
        group.add();
    }
    auto select() {
        return corun::select(full.send(7), empty.receive(), mutex.lock(), semaphore.acquire(), event.wait(), latch.wait(),
                             group.wait(), reader.receive(), corun::sleep_for(1h));
    }
    /// Makes one of the cases ready.
    void grant(std::size_t number) {
        switch (number) {
            case 0: (void)full.try_receive(); break;
            case 1: BOOST_TEST(empty.try_send(5)); break;
            case 2: held.unlock(); break;
            case 3: semaphore.release(); break;
            case 4: event.set(); break;
            case 5: latch.count_down(); break;
            case 6: group.done(); break;
            default: news.send(9); break;
        }
    }
    /// Nobody is in any line, and nothing was taken but by the winner.
    void check_unused_but(std::size_t winner) {
        if (winner != 0) BOOST_TEST(full.try_receive().value() == 0);
        BOOST_TEST(full.try_receive().has_value() == (winner == 0));
        BOOST_TEST(empty.try_send(1));
        BOOST_TEST(empty.try_receive().value() == 1);
        held = {};
        BOOST_TEST(bool{mutex.try_lock()});
        semaphore.release();
        BOOST_TEST(semaphore.permits() == 1);
        event.set();
        BOOST_TEST(event.is_set());
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(select_shared, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(each_twin_may_win_and_the_others_have_taken_nothing) {
    for (std::size_t winner = 0; winner != 8; ++winner)
        for (const bool is_first : {true, false})
            corun::run([&] {
                twins t;
                if (is_first) t.grant(winner);
                auto selecting = corun::spawn([&] { return corun::yield(t.select()).index(); });
                corun::yield();
                if (!is_first) t.grant(winner);
                BOOST_TEST(corun::yield(selecting.join()) == winner);
                t.check_unused_but(winner);
            });
}

BOOST_AUTO_TEST_CASE(values_come_from_other_threads_whoever_is_first) {
    for (int round = 0; round != 100; ++round) {
        corun::concurrent_channel<std::unique_ptr<int>> c{static_cast<std::size_t>(round % 3)};
        std::jthread sending{[&] { c.blocking_send(std::make_unique<int>(round)); }};
        corun::run([&] {
            corun::channel<int> idle;
            auto result = corun::yield(corun::select(idle.receive(), c.receive()));
            BOOST_TEST(*std::get<1>(result).value() == round);
        });
    }
}

BOOST_AUTO_TEST_CASE(of_a_lost_send_the_value_is_still_the_senders) {
    corun::run([] {
        corun::concurrent_channel<std::string> c;
        std::string text = "a string too long to be kept in place";
        BOOST_TEST(corun::yield(corun::select(c.send(std::move(text)), corun::sleep_for(0ms))).index() == 1);
        BOOST_TEST(text == "a string too long to be kept in place");
        BOOST_TEST(!c.try_receive().has_value());
    });
}

BOOST_AUTO_TEST_CASE(ordered_and_default_cases) {
    corun::run([] {
        corun::concurrent_channel<int> high{1}, low{1};
        BOOST_TEST(corun::yield(corun::select(high.receive(), corun::or_else())).index() == 1);
        high.try_send(1);
        low.try_send(2);
        BOOST_TEST(corun::yield(corun::select_ordered(high.receive(), low.receive())).index() == 0);
        BOOST_TEST(corun::yield(corun::select_ordered(high.receive(), low.receive())).index() == 1);
    });
}

BOOST_AUTO_TEST_CASE(closing_ends_a_select_that_waits) {
    corun::run([] {
        for (const std::size_t capacity : {0U, 1U}) {
            corun::concurrent_channel<int> c{capacity};
            corun::channel<int> idle;
            auto receiving = corun::spawn([&] { return corun::yield(corun::select(c.receive(), idle.receive())); });
            corun::yield();
            c.close();
            BOOST_TEST(!std::get<0>(corun::yield(receiving.join())).has_value());
            BOOST_CHECK_THROW(corun::yield(corun::select(c.send(1), idle.receive())), corun::channel_closed);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_select_does_not_meet_itself_but_another_one) {
    corun::run([] {
        corun::concurrent_channel<int> c;
        int delivered = 0;
        const auto both = [&] {
            auto result = corun::yield(corun::select(c.receive(), c.send(1)));
            if (result.index() == 0) delivered += std::get<0>(result).value();
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

BOOST_AUTO_TEST_CASE(who_was_decided_on_elsewhere_holds_nobody_up) {
    corun::run([] {
        corun::concurrent_semaphore permits{0};
        corun::concurrent_channel<int> c{1};
        corun::event plain;
        // The select is decided, but its fiber has not come to withdraw the other cases yet.
        auto selecting =
            corun::spawn([&] { return corun::yield(corun::select(permits.acquire(2), c.receive(), plain.wait())).index(); });
        corun::yield();
        plain.set();
        permits.release();
        BOOST_TEST(permits.try_acquire());
        BOOST_TEST(c.try_send(4));
        BOOST_TEST(c.try_receive().value() == 4);
        BOOST_TEST(corun::yield(selecting.join()) == 2U);
    });
}

BOOST_AUTO_TEST_CASE(cancelled_it_leaves_nothing_behind) {
    corun::run([] {
        twins t;
        auto selecting = corun::spawn([&] { corun::yield(t.select()); });
        corun::yield();
        selecting.cancel();
        BOOST_CHECK_THROW(corun::yield(selecting.join()), corun::fiber_cancelled);
        t.check_unused_but(8);
    });
}

BOOST_AUTO_TEST_CASE(a_case_that_was_committed_wins_over_a_cancellation) {
    corun::run([] {
        corun::concurrent_channel<int> a, b;
        auto selecting = corun::spawn([&] { return std::get<0>(corun::yield(corun::select(a.receive(), b.receive()))).value(); });
        corun::yield();
        BOOST_TEST(a.try_send(4));
        BOOST_TEST(!b.try_send(5));
        selecting.cancel();
        BOOST_TEST(corun::yield(selecting.join()) == 4);
    });
}

BOOST_AUTO_TEST_CASE(a_start_that_throws_withdraws_what_was_started) {
    corun::run([] {
        corun::concurrent_channel<int> shared;
        corun::channel<int> plain;
        corun_test::scripted op;
        op.on_start = [](const corun::waker&) { throw std::out_of_range{"start"}; };
        BOOST_CHECK_THROW(corun::yield(corun::select(shared.receive(), plain.receive(), op)), std::out_of_range);
        BOOST_TEST(!shared.try_send(1));
        BOOST_TEST(!plain.try_send(1));
    });
}

BOOST_AUTO_TEST_CASE(waiting_allocates_nothing) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        corun::concurrent_channel<int> a{1}, b;
        corun::concurrent_event e;
        auto sender = corun::spawn([&] {
            for (int i = 0; i < 100; ++i) corun::yield(b.send(i));
        });
        std::size_t before = 0;
        for (int i = 0; i < 100; ++i) {
            if (i == 2) before = corun_test::allocations_made();
            (void)corun::yield(corun::select(a.receive(), b.receive(), e.wait(), corun::sleep_for(1h)));
        }
        BOOST_TEST(corun_test::allocations_made() == before);
    });
}

BOOST_AUTO_TEST_SUITE_END()
