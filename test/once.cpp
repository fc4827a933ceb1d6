#include <corun/once.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <vector>

BOOST_FIXTURE_TEST_SUITE(once, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(one_calls_and_the_others_wait_for_it) {
    corun::run([] {
        corun::once o;
        int calls = 0, callers = 0;
        bool finished = false;
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 5; ++i)
            fibers.push_back(corun::spawn([&] {
                callers += corun::yield(o.call([&] {
                    ++calls;
                    corun::yield();
                    corun::yield();
                    finished = true;
                }));
                BOOST_TEST(finished);
            }));
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(calls == 1);
        BOOST_TEST(callers == 1);
        BOOST_TEST(o.done());
        BOOST_TEST(!corun::yield(o.call([&] { ++calls; })));
        BOOST_TEST(calls == 1);
    });
}

BOOST_AUTO_TEST_CASE(after_a_failure_the_next_one_calls) {
    corun::run([] {
        corun::once o;
        auto failing = corun::spawn([&] {
            corun::yield(o.call([] {
                corun::yield();
                throw std::runtime_error{"no"};
            }));
        });
        auto next = corun::spawn([&] { return corun::yield(o.call([] {})); });
        auto last = corun::spawn([&] { return corun::yield(o.call([] {})); });
        BOOST_CHECK_THROW(corun::yield(failing.join()), std::runtime_error);
        BOOST_TEST(corun::yield(next.join()));
        BOOST_TEST(!corun::yield(last.join()));
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_caller_is_a_failure_too) {
    corun::run([] {
        corun::once o;
        auto cancelled = corun::spawn([&] {
            corun::yield(o.call([] {
                for (;;) corun::yield();
            }));
        });
        auto next = corun::spawn([&] { return corun::yield(o.call([] {})); });
        corun::yield();
        cancelled.cancel();
        BOOST_TEST(corun::yield(next.join()));
        BOOST_TEST(o.done());
        BOOST_CHECK_THROW(corun::yield(cancelled.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_SUITE_END()
