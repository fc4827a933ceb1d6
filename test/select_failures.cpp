// Cases of a select whose operations fail at a bad moment: the others are withdrawn all the same, and nothing is lost.
#include <corun/select.hpp>

#include <corun/channel.hpp>
#include <corun/concurrent_channel.hpp>
#include <corun/fiber.hpp>
#include <corun/race.hpp>
#include <corun/rate_limiter.hpp>
#include <corun/run.hpp>
#include <corun/semaphore.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>

using corun_test::scripted;
using namespace std::chrono_literals;

namespace {

/// `ready` should not throw; this one does, once it is broken.
struct breaks {
    [[nodiscard]] bool ready() const {
        if (broken) throw std::out_of_range{"ready"};
        return false;
    }
    void start(corun::waker w) { waker = std::move(w); }
    bool cancel() { return true; }
    int get() { return 1; }
    std::optional<corun::waker> waker;
    bool broken = false;
};

/// A value that cannot be moved while it is armed.
struct brittle {
    brittle(int n, bool& is_armed) : number{n}, armed{&is_armed} {}
    brittle(brittle&& other) : number{other.number}, armed{other.armed} {
        if (*armed) throw std::out_of_range{"move"};
    }
    ~brittle() {}
    int number;
    bool* armed;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(select_failures, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(what_ready_throws_is_the_outcome_and_the_others_are_withdrawn) {
    corun::run([] {
        corun::channel<int> c;
        corun::concurrent_channel<int> shared;
        corun::semaphore permits{1};
        scripted user;
        breaks fails;
        auto behind = corun::spawn([&] {
            fails.broken = true;
            fails.waker->wake();
            corun::yield(permits.acquire());  // less than the one before it, which gives up
        });
        BOOST_CHECK_THROW(corun::yield(corun::select(c.receive(), shared.receive(), permits.acquire(2), user, fails)),
                          std::out_of_range);
        BOOST_TEST(user.calls == "start;cancel;");
        BOOST_TEST(!c.try_send(1));
        BOOST_TEST(!shared.try_send(1));
        corun::yield(behind.join());
    });
}

BOOST_AUTO_TEST_CASE(a_start_that_throws_waits_for_what_cannot_be_withdrawn) {
    corun::run([] {
        scripted stubborn, fails;
        std::optional<corun::waker> selecting;
        stubborn.on_start = [&](corun::waker w) { selecting = std::move(w); };
        stubborn.on_cancel = [] { return false; };
        fails.on_start = [](const corun::waker&) { throw std::out_of_range{"start"}; };
        auto other = corun::spawn([&] {
            stubborn.is_ready = true;
            selecting->wake();
        });
        BOOST_CHECK_THROW(corun::yield(corun::select(stubborn, fails)), std::out_of_range);
        BOOST_TEST(stubborn.is_ready.load());
        BOOST_TEST(stubborn.calls == "start;cancel;");
        corun::yield(other.join());
    });
}

BOOST_AUTO_TEST_CASE(of_a_race_it_is_the_outcome_of_that_one) {
    corun::run([] {
        corun::channel<int> c;
        breaks fails;
        auto breaking = corun::spawn([&] {
            fails.broken = true;
            fails.waker->wake();
        });
        auto result = corun::yield(corun::race(c.receive(), fails));
        corun::yield(breaking.join());
        BOOST_TEST(result.winner() == 1U);
        BOOST_TEST(result.get<0>().withdrawn());
        BOOST_CHECK_THROW((void)result.get<1>().value(), std::out_of_range);
        BOOST_TEST(!c.try_send(1));
    });
}

// Whatever allocation fails while it begins to wait: nothing is left in any line.
BOOST_AUTO_TEST_CASE(without_memory_it_leaves_nothing_behind) {
    if (!corun_test::can_fail_allocations()) return;
    for (std::size_t n = 1;; ++n) {
        bool came_to_it = false;
        corun::run([&] {
            corun::channel<int> c;
            corun::rate_limiter limiter{1, 1};
            (void)limiter.try_acquire();
            {
                const corun_test::failing_allocation failing{n};
                try {
                    (void)corun::yield(corun::select(c.receive(), limiter.acquire(), corun::sleep_for(1ms)));
                } catch (const std::bad_alloc&) {
                }
                came_to_it = failing.happened();
            }
            BOOST_TEST(!c.try_send(1));
        });
        if (!came_to_it) break;
    }
}

BOOST_AUTO_TEST_CASE(a_select_whose_value_could_not_be_taken_waits_again) {
    bool ended = false;
    corun::run([&] {
        corun::channel<brittle> c{1};
        corun::channel<int> other;
        bool armed = false;
        BOOST_REQUIRE(c.try_send(brittle{7, armed}));
        auto either = corun::select(c.receive(), other.receive());
        armed = true;
        BOOST_CHECK_THROW((void)corun::yield(either), std::out_of_range);
        armed = false;
        BOOST_TEST(c.try_receive().value().number == 7);
        BOOST_TEST(!either.ready());
        auto sender = corun::spawn([&] { corun::yield(other.send(8)); });
        auto result = corun::yield(either);
        BOOST_REQUIRE(result.index() == 1u);
        BOOST_TEST(std::get<1>(result).value() == 8);
        corun::yield(sender.join());
        ended = true;
    });
    BOOST_TEST(ended);  // a program that stands still is ended without a word to its first fiber
}

BOOST_AUTO_TEST_CASE(an_operation_that_has_lost_before_stays_out_where_another_one_fails_to_begin) {
    struct fails_to_begin {
        [[nodiscard]] bool ready() const { return false; }
        void start(const corun::waker&) { throw std::out_of_range{"start"}; }
        bool cancel() { return true; }
        void get() {}
    };
    corun::run([] {
        corun::channel<int> c, won;
        auto rx = c.receive();
        auto winner = corun::spawn([&] { corun::yield(won.send(1)); });
        BOOST_TEST(corun::yield(corun::select(rx, won.receive())).index() == 1u);
        auto waiting = corun::spawn([&] { return corun::yield(c.receive()); });
        corun::yield();
        BOOST_CHECK_THROW((void)corun::yield(corun::select(fails_to_begin{}, rx)), std::out_of_range);
        BOOST_TEST(c.try_send(2));
        BOOST_TEST(corun::yield(waiting.join()).value() == 2);
    });
}

BOOST_AUTO_TEST_SUITE_END()
