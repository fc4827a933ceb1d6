// A wake before, during and after the park; twice; racing a timer and a cancel; after the fiber has gone.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// Ready once `set`; says when it starts and how often it was asked.
struct flag {
    std::atomic<bool> set{false};
    std::optional<corun::waker> waiting;
    int asked = 0;
    bool withdrawn = false;
};

struct wait_for_flag {
    flag& f;
    std::function<void()> on_start;

    bool ready() {
        ++f.asked;
        return f.set.load();
    }
    void start(corun::waker w) {
        f.waiting = std::move(w);
        if (on_start) on_start();
    }
    bool cancel() {
        f.withdrawn = true;
        return true;
    }
    int get() { return 42; }
};
static_assert(corun::operation<wait_for_flag>);

}  // namespace

BOOST_FIXTURE_TEST_SUITE(wake, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(before_it_starts) {
    corun::run([] {
        flag f;
        f.set = true;
        BOOST_TEST(corun::yield(wait_for_flag{f, {}}) == 42);
        BOOST_TEST(!f.waiting.has_value());
    });
}

BOOST_AUTO_TEST_CASE(while_it_starts) {
    corun::run([] {
        flag f;
        BOOST_TEST(corun::yield(wait_for_flag{f, [&] {
                                                  f.set = true;
                                                  f.waiting->wake();
                                              }}) == 42);
    });
}

BOOST_AUTO_TEST_CASE(while_it_parks_from_another_thread) {
    for (int round = 0; round != 200; ++round)
        corun::run([] {
            flag f;
            std::thread other;
            BOOST_TEST(corun::yield(wait_for_flag{f, [&] {
                                                      other = std::thread{[&f, w = *f.waiting] {
                                                          f.set = true;
                                                          w.wake();
                                                      }};
                                                  }}) == 42);
            other.join();
        });
}

BOOST_AUTO_TEST_CASE(after_it_parked_twice_and_late) {
    corun::run([] {
        flag f;
        auto fiber = corun::spawn([&] { return corun::yield(wait_for_flag{f, {}}); });
        corun::yield();
        const corun::waker w = *f.waiting;
        w.wake();  // a hint without a reason
        corun::yield();
        BOOST_TEST(!fiber.done());
        f.set = true;
        w.wake();
        w.wake();
        BOOST_TEST(corun::yield(fiber.join()) == 42);
        w.wake();
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(after_its_scheduler_has_gone) {
    std::optional<corun::waker> late;
    corun::run([&] {
        flag f;
        auto fiber = corun::spawn([&] { corun::yield(wait_for_flag{f, {}}); });
        corun::yield();
        late = f.waiting;
        f.set = true;
        late->wake();
        corun::yield(fiber.join());
    });
    late->wake();
}

BOOST_AUTO_TEST_CASE(a_cancel_and_a_wake_in_one_turn_the_completion_wins) {
    for (const bool cancel_first : {true, false})
        corun::run([cancel_first] {
            flag f;
            int value = 0;
            auto fiber = corun::spawn([&] {
                value = corun::yield(wait_for_flag{f, {}});
                corun::yield();  // here the cancellation shows
                BOOST_TEST(false);
            });
            corun::yield();
            if (cancel_first) fiber.cancel();
            f.set = true;
            f.waiting->wake();
            if (!cancel_first) fiber.cancel();
            BOOST_CHECK_THROW(corun::yield(fiber.join()), corun::fiber_cancelled);
            BOOST_TEST(value == 42);
            BOOST_TEST(!f.withdrawn);
        });
}

BOOST_AUTO_TEST_CASE(cancelled_while_parked_it_is_withdrawn_once) {
    corun::run([] {
        flag f;
        auto fiber = corun::spawn([&] { corun::yield(wait_for_flag{f, {}}); });
        corun::yield();
        BOOST_TEST(fiber.cancel());
        BOOST_TEST(fiber.cancel());
        BOOST_CHECK_THROW(corun::yield(fiber.join()), corun::fiber_cancelled);
        BOOST_TEST(f.withdrawn);
        BOOST_TEST(!fiber.cancel());
    });
}

BOOST_AUTO_TEST_CASE(threads_wake_timers_expire_and_cancels_arrive_at_once) {
    asio::io_context io;
    std::vector<std::unique_ptr<flag>> flags;
    std::vector<corun::fiber<>> fibers;
    std::atomic<int> ended{0};
    constexpr int count = 100;
    for (int i = 0; i != count; ++i) {
        flag& f = *flags.emplace_back(std::make_unique<flag>());
        fibers.push_back(corun::spawn(io, [&f, &ended, i] {
            struct count_end {
                std::atomic<int>& n;
                ~count_end() { ++n; }
            } at_end{ended};
            for (int round = 0; round != 20; ++round) corun::yield(corun::sleep_for(std::chrono::microseconds{i * 10}));
            corun::yield(wait_for_flag{f, {}});
            for (;;) corun::yield(corun::sleep_for(1us));
        }));
    }
    std::thread setter{[&] {
        for (auto& f : flags) f->set = true;
    }};
    std::thread canceller{[&] {
        for (auto& fiber : fibers) fiber.cancel();
    }};
    setter.join();
    std::thread joiner{[&] {
        for (auto& fiber : fibers) BOOST_CHECK_THROW(fiber.get(), corun::fiber_cancelled);
    }};
    io.run();
    canceller.join();
    joiner.join();
    BOOST_TEST(ended == count);
}

BOOST_AUTO_TEST_SUITE_END()
