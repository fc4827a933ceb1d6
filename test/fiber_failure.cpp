// Who gets a fiber's failure: its joiner, or the scheduler's unhandled-failure handler; never both, never nobody.
#include <corun/fiber.hpp>

#include <corun/run.hpp>
#include <corun/scheduler.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

struct fixture : corun_test::nothing_left {
    std::vector<std::string> reported;
    corun::run_options options;

    fixture() {
        reported.reserve(10);
        options.scheduler.on_unhandled = [this](const corun::unhandled_failure& f) { reported.push_back(f.fiber); };
    }
};

void fails() { throw std::runtime_error{"failed"}; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fiber_failure, fixture)

BOOST_AUTO_TEST_CASE(dropped_before_the_failure) {
    corun::run(
        [] {
            corun::spawn(fails);
            corun::yield();
            corun::yield();
        },
        options);
    BOOST_TEST(reported.size() == 1U);
}

BOOST_AUTO_TEST_CASE(dropped_after_the_failure) {
    corun::run(
        [this] {
            auto f = corun::spawn(fails);
            corun::yield();
            BOOST_TEST(f.done());
            BOOST_TEST(reported.empty());
            f = {};
            corun::yield();
        },
        options);
    BOOST_TEST(reported.size() == 1U);
}

BOOST_AUTO_TEST_CASE(dropped_after_it_was_seen) {
    corun::run(
        [] {
            auto f = corun::spawn(fails);
            BOOST_CHECK_THROW(corun::yield(f.join()), std::runtime_error);
        },
        options);
    BOOST_TEST(reported.empty());
}

BOOST_AUTO_TEST_CASE(a_join_that_was_cancelled_has_not_seen_it) {
    corun::run(
        [] {
            auto target = corun::spawn([] {
                corun::yield();
                corun::yield();
                fails();
            });
            auto joiner = corun::spawn([&] { corun::yield(target.join()); });
            corun::yield();
            joiner.cancel();
            BOOST_CHECK_THROW(corun::yield(joiner.join()), corun::fiber_cancelled);
            while (!target.done()) corun::yield();
            target = {};
            corun::yield();
        },
        options);
    BOOST_TEST(reported.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_handle_dropped_off_fibers_after_the_run) {
    corun::fiber<> kept;
    asio::io_context context;
    corun::scheduler::of(context).on_unhandled(options.scheduler.on_unhandled);
    kept = corun::spawn(context, {.name = "kept"}, fails);
    context.run();
    BOOST_TEST(reported.empty());
    kept = {};
    context.restart();
    context.run();
    BOOST_TEST(reported.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_handle_dropped_on_another_thread) {
    asio::io_context context;
    corun::scheduler::of(context).on_unhandled(options.scheduler.on_unhandled);
    auto kept = corun::spawn(context, fails);
    context.run();
    std::jthread{[f = std::move(kept)]() mutable { f = {}; }}.join();
    context.restart();
    context.run();
    BOOST_TEST(reported.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_cancelled_fiber_is_not_a_failure) {
    corun::run(
        [] {
            auto f = corun::spawn([] { corun::yield(corun::sleep_for(1h)); });
            corun::yield();
            f.cancel();
            f = {};
            corun::yield();
        },
        options);
    BOOST_TEST(reported.empty());
}

BOOST_AUTO_TEST_CASE(what_a_cancelled_fiber_throws_instead_is_one) {
    corun::run(
        [] {
            auto f = corun::spawn([] {
                try {
                    corun::yield(corun::sleep_for(1h));
                } catch (const corun::cancelled&) {
                    fails();
                }
            });
            corun::yield();
            f.cancel();
            BOOST_CHECK_THROW(corun::yield(f.join()), std::runtime_error);
            corun::spawn([] {
                try {
                    for (;;) corun::yield();
                } catch (const corun::cancelled&) {
                    throw std::domain_error{"on shutdown"};
                }
            });
            corun::yield();
        },
        options);
    BOOST_TEST(reported.size() == 1U);
}

BOOST_AUTO_TEST_CASE(several_are_reported_in_the_order_in_which_they_failed) {
    corun::run(
        [] {
            for (const char* name : {"first", "second", "third"}) corun::spawn({.name = name}, fails);
            corun::yield();
            corun::yield();
        },
        options);
    BOOST_REQUIRE(reported.size() == 3U);
    BOOST_TEST(reported[0].starts_with("'first'"));
    BOOST_TEST(reported[1].starts_with("'second'"));
    BOOST_TEST(reported[2].starts_with("'third'"));
}

BOOST_AUTO_TEST_CASE(a_join_that_has_taken_over_the_handle_and_is_given_up_detaches_the_fiber) {
    std::vector<std::string> unhandled;
    corun::run(
        [] {
            auto joiner = corun::spawn([] {
                corun::yield(corun::spawn([] {
                                 corun::yield();
                                 corun::yield();
                                 throw std::runtime_error{"nobody waits any more"};
                             }).join());
            });
            corun::yield();
            joiner.cancel();
            BOOST_CHECK_THROW(corun::yield(joiner.join()), corun::fiber_cancelled);
            for (int i = 0; i != 4; ++i) corun::yield();
        },
        {.scheduler = {.on_unhandled = [&](const corun::unhandled_failure& f) { unhandled.push_back(f.fiber); }}});
    BOOST_TEST(unhandled.size() == 1u);
    corun::run([] {
        auto handle = corun::spawn([]() -> int { throw std::runtime_error{"seen"}; });
        BOOST_CHECK_THROW(corun::yield(std::move(handle).join()), std::runtime_error);
        BOOST_TEST(!handle);
    });
}

BOOST_AUTO_TEST_SUITE_END()
