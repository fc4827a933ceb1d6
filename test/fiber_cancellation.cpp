// fiber::cancel(): level-triggered, arrives at yields, and completion wins.
#include <corun/fiber.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <source_location>
#include <string>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(fiber_cancellation, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(every_yield_throws_until_the_fiber_ends) {
    corun::run([] {
        int thrown = 0;
        auto f = corun::spawn([&] {
            boost::system::error_code ec;
            for (int i = 0; i < 3; ++i) {
                try {
                    corun::yield(corun::sleep_for(1h));
                } catch (const corun::cancelled& c) {
                    BOOST_TEST((c.reason() == corun::cancel_reason::requested));
                    ++thrown;
                }
                BOOST_CHECK_THROW(corun::yield(), corun::cancelled);
                BOOST_CHECK_THROW(corun::yield(corun::sleep_for(0s)), corun::cancelled);
                BOOST_CHECK_THROW(corun::yield(corun::sleep_for(1h), ec), corun::cancelled);
            }
            return 5;
        });
        corun::yield();
        BOOST_TEST(f.cancel());
        BOOST_TEST(corun::yield(f.join()) == 5);  // it chose to end with a value
        BOOST_TEST(thrown == 3);
    });
}

BOOST_AUTO_TEST_CASE(a_fiber_that_ends_by_it_has_no_result) {
    unsigned line = 0;
    std::string what;
    corun::run([&] {
        auto f = corun::spawn({.name = "sleeper"}, [&] {
            line = std::source_location::current().line() + 1;
            corun::yield(corun::sleep_for(1h));
            return 1;
        });
        corun::yield();
        f.cancel();
        try {
            corun::yield(f.join());
        } catch (const corun::fiber_cancelled& e) {
            what = e.what();
        }
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
    });
    BOOST_TEST(what.find("'sleeper'") != std::string::npos, what);
    BOOST_TEST(what.find("fiber_cancellation.cpp:" + std::to_string(line)) != std::string::npos, what);
}

BOOST_AUTO_TEST_CASE(it_is_true_while_the_fiber_has_not_ended) {
    corun::run([] {
        auto f = corun::spawn([] { corun::yield(corun::sleep_for(1h)); });
        BOOST_TEST(f.cancel());
        BOOST_TEST(f.cancel());
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(!f.cancel());
    });
}

BOOST_AUTO_TEST_CASE(it_never_switches) {
    corun::run([] {
        bool woken = false;
        auto f = corun::spawn([&] {
            try {
                corun::yield(corun::sleep_for(1h));
            } catch (const corun::cancelled&) {
                woken = true;
            }
        });
        corun::yield();
        f.cancel();
        BOOST_TEST(!woken);
        corun::yield();
        BOOST_TEST(woken);
    });
}

BOOST_AUTO_TEST_CASE(before_its_first_turn_a_fiber_still_runs_to_its_first_yield) {
    corun::run([] {
        bool began = false, passed = false;
        auto f = corun::spawn([&] {
            began = true;
            BOOST_TEST(corun::this_fiber::cancelled());
            corun::yield();
            passed = true;
        });
        f.cancel();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(began);
        BOOST_TEST(!passed);
    });
}

BOOST_AUTO_TEST_CASE(without_a_yield_after_it_it_changes_nothing) {
    corun::run([] {
        corun::fiber<int> f;
        f = corun::spawn([&] {
            f.cancel();
            return 3;
        });
        BOOST_TEST(corun::yield(f.join()) == 3);
    });
}

BOOST_AUTO_TEST_CASE(a_runnable_fiber_gets_it_at_its_next_yield) {
    corun::run([] {
        int turns = 0;
        auto f = corun::spawn([&] {
            for (;;) {
                ++turns;
                corun::yield();
            }
        });
        corun::yield();
        corun::yield();
        const int before = turns;
        f.cancel();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        // The turn that it was waiting for is its own: a yield without an operation has nothing to give up.
        BOOST_TEST(turns <= before + 1);
    });
}

BOOST_AUTO_TEST_CASE(a_completed_sleep_is_returned_and_the_next_yield_throws) {
    corun::run([] {
        const auto time = corun::clock::now() + 1ms;
        std::string story;
        corun::fiber<> sleeper;
        auto canceller = corun::spawn([&] {
            corun::yield(corun::sleep_until(time));  // expires first, as it was there first
            sleeper.cancel();
            story += "cancelled;";
        });
        sleeper = corun::spawn([&] {
            corun::yield(corun::sleep_until(time));
            story += "slept;";
            corun::yield();
            story += "wrong;";
        });
        corun::yield();  // both sleep, in their order
        BOOST_CHECK_THROW(corun::yield(sleeper.join()), corun::fiber_cancelled);
        corun::yield(canceller.join());
        BOOST_TEST(story == "cancelled;slept;");
    });
}

BOOST_AUTO_TEST_CASE(a_completed_join_is_returned_and_the_next_yield_throws) {
    corun::run([] {
        std::string story;
        auto target = corun::spawn([] {
            corun::yield();
            return 9;
        });
        auto joiner = corun::spawn([&] {
            story += std::to_string(corun::yield(target.join())) + ";";
            corun::yield();
            story += "wrong;";
        });
        auto canceller = corun::spawn([&] {
            corun::yield();
            BOOST_TEST(target.done());  // so the joiner is runnable, behind this one
            story += "cancelled;";
            joiner.cancel();
        });
        BOOST_CHECK_THROW(corun::yield(joiner.join()), corun::fiber_cancelled);
        BOOST_TEST(story == "cancelled;9;");
        corun::yield(canceller.join());
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_join_leaves_the_joined_fiber_alone) {
    corun::run([] {
        auto target = corun::spawn([] {
            for (int i = 0; i < 5; ++i) corun::yield();
            return 2;
        });
        auto joiner = corun::spawn([&] { return corun::yield(target.join()); });
        corun::yield();
        joiner.cancel();
        BOOST_CHECK_THROW(corun::yield(joiner.join()), corun::fiber_cancelled);
        BOOST_TEST(!target.done());
        BOOST_TEST(corun::yield(target.join()) == 2);
    });
}

BOOST_AUTO_TEST_CASE(destructors_run_and_may_yield_while_it_unwinds) {
    corun::run([] {
        std::string story;
        struct closes {
            std::string& story;
            ~closes() {
                corun::yield(corun::sleep_for(1ms));
                story += "closed;";
            }
        };
        auto f = corun::spawn([&] {
            closes guard{story};
            corun::yield(corun::sleep_for(1h));
        });
        corun::yield();
        f.cancel();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(story == "closed;");
    });
}

BOOST_AUTO_TEST_CASE(from_another_thread) {
    asio::io_context context;
    corun::fiber<> f;
    f = corun::spawn(context, [] { corun::yield(corun::sleep_for(1h)); });
    std::jthread other;
    corun::spawn(context, [&] { other = std::jthread{[&] { BOOST_TEST_MESSAGE(f.cancel()); }}; });
    context.run();
    other.join();
    BOOST_CHECK_THROW(f.get(), corun::fiber_cancelled);
    BOOST_TEST(!f.cancel());
}

BOOST_AUTO_TEST_CASE(of_a_fiber_of_another_scheduler) {
    asio::io_context context;
    corun::scheduler one{context.get_executor()}, two{context.get_executor()};
    auto f = corun::spawn(one, [] { corun::yield(corun::sleep_for(1h)); });
    corun::spawn(two, [&] { f.cancel(); });
    context.run();
    BOOST_TEST(f.done());
    BOOST_CHECK_THROW(f.get(), corun::fiber_cancelled);
}

BOOST_AUTO_TEST_SUITE_END()
