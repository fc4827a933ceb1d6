#include <corun/operation.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using corun_test::scripted;
using namespace std::chrono_literals;

namespace {

struct lacks_cancel {
    bool ready();
    void start(corun::waker);
    void get();
};

static_assert(corun::operation<scripted>);
static_assert(corun::operation<corun_test::ready_value<int>>);
static_assert(!corun::operation<lacks_cancel>);
static_assert(!corun::operation<int>);
static_assert(std::is_copy_constructible_v<corun::waker>);

}  // namespace

BOOST_FIXTURE_TEST_SUITE(operation, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(ready_at_once_is_neither_started_nor_switched_for) {
    bool others = false;
    corun::run([&] {
        corun::spawn([&] { others = true; });
        scripted op;
        op.is_ready = true;
        BOOST_TEST(corun::yield(op) == 5);
        BOOST_TEST(op.calls == "get;");
        BOOST_TEST(!others);
    });
}

BOOST_AUTO_TEST_CASE(ready_as_a_result_of_its_start) {
    corun::run([] {
        scripted op;
        op.on_start = [&](const corun::waker&) { op.is_ready = true; };
        BOOST_TEST(corun::yield(op) == 5);
        BOOST_TEST(op.calls == "start;get;");
    });
}

BOOST_AUTO_TEST_CASE(woken_before_start_returns) {
    corun::run([] {
        scripted op;
        op.on_start = [&](const corun::waker& w) {
            op.is_ready = true;
            w.wake();
            w.wake();
        };
        BOOST_TEST(corun::yield(op) == 5);
    });
}

BOOST_AUTO_TEST_CASE(woken_by_another_fiber_too_early_and_twice) {
    corun::run([] {
        scripted op;
        op.on_start = [&](const corun::waker& w) {
            corun::spawn([&op, w] {
                w.wake();
                corun::yield();
                corun::yield();
                BOOST_TEST(op.calls == "start;");
                op.is_ready = true;
                w.wake();
                w.wake();
            });
        };
        BOOST_TEST(corun::yield(op) == 5);
        BOOST_TEST(op.calls == "start;get;");
        corun::yield();  // the wakes that were too many wake nobody
    });
}

BOOST_AUTO_TEST_CASE(a_wake_long_after_the_operation_is_harmless) {
    std::optional<corun::waker> kept;
    corun::run([&] {
        scripted op;
        op.on_start = [&](corun::waker w) {
            kept = std::move(w);
            op.is_ready = true;
        };
        corun::yield(op);
        kept->wake();  // running
        bool slept = false;
        auto waking = corun::spawn([&] {
            kept->wake();  // parked for something else
            BOOST_TEST(!slept);
        });
        const auto begin = corun::clock::now();
        corun::yield(corun::sleep_for(5ms));
        slept = true;
        BOOST_TEST((corun::clock::now() - begin >= 5ms));
        corun::yield(waking.join());
    });
    kept->wake();  // ended, and its scheduler with it
    const corun::waker copy = *kept;
    kept.reset();
    copy.wake();
}

BOOST_AUTO_TEST_CASE(woken_by_another_thread_before_while_and_after_it_parks) {
    corun::run([] {
        for (int i = 0; i < 300; ++i) {
            scripted op;
            std::jthread other;
            int written = 0;
            op.on_start = [&](const corun::waker& w) {
                other = std::jthread{[&op, &written, w] {
                    written = 7;
                    op.is_ready.store(true);
                    w.wake();
                }};
                if (i % 3 == 0) other.join();
            };
            BOOST_TEST(corun::yield(op) == 5);
            BOOST_TEST(written == 7);
        }
    });
}

BOOST_AUTO_TEST_CASE(many_wakes_from_many_threads) {
    asio::io_context context;
    std::atomic<int> value{0};
    corun::fiber<int> f = corun::spawn(context, [&] {
        std::vector<std::jthread> threads;
        scripted op;
        op.on_start = [&](const corun::waker& w) {
            for (int t = 0; t < 3; ++t)
                threads.emplace_back([&, w] {
                    for (int i = 0; i < 200; ++i) {
                        if (++value == 600) op.is_ready = true;
                        w.wake();
                    }
                });
        };
        return corun::yield(op);
    });
    context.run();
    BOOST_TEST(f.get() == 5);
}

BOOST_AUTO_TEST_CASE(a_start_that_throws_is_what_the_yield_throws) {
    corun::run([] {
        scripted op;
        op.on_start = [](const corun::waker&) { throw std::out_of_range{"start"}; };
        BOOST_CHECK_THROW(corun::yield(op), std::out_of_range);
        BOOST_TEST(op.calls == "start;");
    });
}

BOOST_AUTO_TEST_CASE(the_waker_knows_its_fiber_and_keeps_nothing_else) {
    asio::io_context context;
    std::optional<corun::waker> waker;
    corun::fiber<> f = corun::spawn(context, [&] {
        scripted op;
        op.on_start = [&](corun::waker w) {
            waker = std::move(w);
            op.is_ready = true;
        };
        corun::yield(op);
    });
    context.run();
    BOOST_TEST(waker->fiber()->id == f.id());
}

BOOST_AUTO_TEST_CASE(keeps_the_context_running_until_a_thread_completes_it) {
    asio::io_context context;
    scripted op;
    std::optional<corun::waker> waker;
    op.on_start = [&](corun::waker w) { waker = std::move(w); };
    int value = 0;
    corun::spawn(context, [&] { value = corun::yield(op); });
    context.poll();  // Asio knows of nothing that is left to do
    BOOST_TEST(!context.stopped());
    std::jthread other{[&] {
        op.is_ready = true;
        waker->wake();
    }};
    context.run();
    BOOST_TEST(value == 5);
}

BOOST_AUTO_TEST_SUITE_END()
