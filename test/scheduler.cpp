// Schedulers: how many there are, and where they run.
#include <corun/scheduler.hpp>

#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/token.hpp>

#include "support/leaks.hpp"
#include "support/threads.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(scheduler, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_context_has_one_of_its_own) {
    asio::io_context context, other;
    auto& own = corun::scheduler::of(context);
    BOOST_TEST(&own == &corun::scheduler::of(context));
    BOOST_TEST(&own != &corun::scheduler::of(other));
    BOOST_TEST((&own.get_executor().query(asio::execution::context) == &context));
}

BOOST_AUTO_TEST_CASE(spawning_on_a_context_or_its_executor_uses_its_own) {
    asio::io_context context;
    auto& own = corun::scheduler::of(context);
    corun::spawn(context, [] {}, asio::detached);
    corun::spawn(context.get_executor(), [] {}, asio::detached);
    corun::spawn(own, [] {}, asio::detached);
    corun::spawn(own.get_executor(), [] {}, asio::detached);
    context.poll_one();  // takes them in
    context.run();
    BOOST_TEST(own.live_fibers() == 0U);
}

BOOST_AUTO_TEST_CASE(counts_its_live_fibers) {
    asio::io_context context;
    corun::scheduler own{context.get_executor()}, other{context.get_executor()};
    std::vector<corun::fiber<>> fibers;
    for (int i = 0; i < 3; ++i) fibers.push_back(corun::spawn(own, [] { corun::yield(corun::sleep_for(1h)); }));
    context.poll();
    BOOST_TEST(own.live_fibers() == 3U);
    BOOST_TEST(other.live_fibers() == 0U);
    for (auto& f : fibers) f.cancel();
    context.run();
    BOOST_TEST(own.live_fibers() == 0U);
}

BOOST_AUTO_TEST_CASE(without_fibers_it_does_not_keep_the_context_running) {
    asio::io_context context;
    const corun::scheduler own{context.get_executor()}, other{context.get_executor()};
    (void)corun::scheduler::of(context);
    BOOST_TEST(context.run() == 0U);
}

BOOST_AUTO_TEST_CASE(a_child_belongs_to_its_parents_scheduler) {
    asio::io_context context;
    corun::scheduler own{context.get_executor()};
    bool same = false;
    corun::spawn(own, [&] {
        auto child = corun::spawn([] { return corun::this_fiber::executor(); });
        same = corun::yield(child.join()) == own.get_executor();
    });
    context.run();
    BOOST_TEST(same);
}

BOOST_AUTO_TEST_CASE(joins_across_schedulers) {
    asio::io_context context;
    corun::scheduler one{context.get_executor()}, other{context.get_executor()};
    int sum = 0;
    corun::spawn(one, [&] {
        for (int i = 0; i < 100; ++i) {
            auto f = corun::spawn(other, [i] {
                corun::yield();
                return i;
            });
            sum += corun::yield(f.join());
        }
    });
    corun_test::run_on_threads(context, 3);
    BOOST_TEST(sum == 4950);
}

BOOST_AUTO_TEST_CASE(options_are_its_own) {
    asio::io_context context;
    int failures = 0;
    corun::scheduler loud{context.get_executor(), {.on_unhandled = [&](const auto&) { ++failures; }}};
    corun::scheduler small{context.get_executor(), {.stack_size = 64 * 1024}};
    corun::spawn(loud, [] { throw 1; });
    corun::spawn(small, [] {}, asio::detached);
    context.run();
    BOOST_TEST(failures == 1);
    BOOST_CHECK_THROW((corun::scheduler{context.get_executor(), {.stack_size = 1}}), corun::stack_unavailable);
    BOOST_CHECK_THROW(loud.stack_size(1), corun::stack_unavailable);
}

BOOST_AUTO_TEST_CASE(poll_runs_what_is_ready_and_returns) {
    asio::io_context context;
    std::string steps;
    auto f = corun::spawn(context, [&] {
        steps += "a";
        corun::yield();
        steps += "b";
        corun::yield(corun::sleep_for(1h));
    });
    context.poll();
    BOOST_TEST(steps == "ab");
    BOOST_TEST(!context.stopped());
    BOOST_TEST(context.poll() == 0U);
    f.cancel();
    context.run();
    BOOST_TEST(f.done());
    BOOST_TEST(context.stopped());
}

BOOST_AUTO_TEST_CASE(run_one_in_a_loop_brings_a_fiber_to_its_end) {
    asio::io_context context;
    auto f = corun::spawn(context, [] {
        for (int i = 0; i < 1'000; ++i) corun::yield();
        corun::yield(corun::sleep_for(1ms));
    });
    while (context.run_one() != 0) {
    }
    BOOST_TEST(f.done());
}

BOOST_AUTO_TEST_CASE(run_for_returns_although_a_fiber_waits_or_yields_for_ever) {
    asio::io_context context;
    bool over = false;
    corun::spawn(context, [&] {
        while (!over) corun::yield();
    });
    auto sleeps = corun::spawn(context, [] { corun::yield(corun::sleep_for(1h)); });
    context.run_for(2ms);
    BOOST_TEST(!context.stopped());
    over = true;
    context.run_for(1ms);
    BOOST_TEST(!sleeps.done());
    sleeps.cancel();
    context.run();
    BOOST_TEST(sleeps.done());
}

BOOST_AUTO_TEST_CASE(stop_leaves_fibers_as_they_are_and_restart_goes_on) {
    asio::io_context context;
    int rounds = 0;
    auto f = corun::spawn(context, [&] {
        for (int i = 0; i < 3; ++i) {
            ++rounds;
            context.stop();
            asio::post(context, corun::yield);  // takes a further turn of the loop
        }
    });
    for (int i = 1; i <= 3; ++i) {
        context.run();
        BOOST_TEST(context.stopped());
        BOOST_TEST(!f.done());
        BOOST_TEST(rounds == i);
        context.restart();
    }
    context.run();
    BOOST_TEST(f.done());
}

BOOST_AUTO_TEST_SUITE_END()
