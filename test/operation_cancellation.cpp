// What a cancellation asks of an operation.
#include <corun/operation.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>

using corun_test::scripted;

BOOST_FIXTURE_TEST_SUITE(operation_cancellation, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(withdrawn_by_a_cancellation) {
    corun::run([] {
        scripted op;
        auto f = corun::spawn([&] { return corun::yield(op); });
        corun::yield();
        f.cancel();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(op.calls == "start;cancel;");
    });
}

BOOST_AUTO_TEST_CASE(asked_to_stop_it_is_waited_for_and_its_value_returned) {
    corun::run([] {
        scripted op;
        std::optional<corun::waker> waker;
        op.on_start = [&](corun::waker w) { waker = std::move(w); };
        op.on_cancel = [] { return false; };
        int value = 0;
        auto f = corun::spawn([&] {
            value = corun::yield(op);
            corun::yield();
            value = -1;
        });
        corun::yield();
        f.cancel();
        for (int i = 0; i < 3; ++i) {
            waker->wake();
            corun::yield();
        }
        BOOST_TEST(op.calls == "start;cancel;");  // asked once
        BOOST_TEST(!f.done());
        op.is_ready = true;
        waker->wake();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(op.calls == "start;cancel;get;");
        BOOST_TEST(value == 5);
    });
}

BOOST_AUTO_TEST_CASE(cancelled_in_its_start_it_is_asked_to_stop) {
    corun::run([] {
        scripted op;
        corun::fiber<int> f;
        op.on_start = [&](const corun::waker&) { f.cancel(); };
        f = corun::spawn([&] { return corun::yield(op); });
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(op.calls == "start;cancel;");
    });
}

BOOST_AUTO_TEST_CASE(of_a_fiber_that_is_cancelled_already_nothing_is_asked) {
    corun::run([] {
        scripted op;
        op.is_ready = true;
        auto f = corun::spawn([&] { return corun::yield(op); });
        f.cancel();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(op.calls.empty());
    });
}

BOOST_AUTO_TEST_SUITE_END()
