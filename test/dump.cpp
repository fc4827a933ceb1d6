#include <corun/dump.hpp>

#include "support/dumps.hpp"
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace corun_test;

BOOST_FIXTURE_TEST_SUITE(dump, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(without_schedulers_it_is_empty) {
    BOOST_TEST(dumped() == "");
    BOOST_TEST(dumped({.format = corun::dump_format::json}) == "{\"schedulers\":[]}\n");
}

BOOST_AUTO_TEST_CASE(every_fiber_with_its_state_and_what_it_waits_for) {
    corun::run([] {
        int ends[2];
        BOOST_REQUIRE(::pipe(ends) == 0);
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        auto sleeper = corun::spawn({.name = "sleeper"}, [] { corun::yield(corun::sleep_for(1h)); });
        auto reader = corun::spawn({.name = "reader"}, [&] { corun::yield(corun::readable(ends[0])); });
        auto waiter = corun::spawn([&] { corun::yield(timer.async_wait(asio::deferred)); });
        auto joiner = corun::spawn([&] { corun::yield(sleeper.wait()); });
        auto ready = corun::spawn([&] { corun::yield(); });
        corun::yield();
        auto fresh = corun::spawn([] {});
        const std::string text = dumped();
        BOOST_TEST(contains(line_of(text, corun::this_fiber::id()), "'main' running"), text);
        BOOST_TEST(contains(line_of(text, sleeper.id(), 2), "'sleeper' waiting: sleep, ms left: 35"), text);
        BOOST_TEST(contains(line_of(text, reader.id(), 2), "'reader' waiting: readable, fd " + std::to_string(ends[0])), text);
        BOOST_TEST(contains(line_of(text, waiter.id(), 2), "waiting: async_wait"), text);
        BOOST_TEST(contains(line_of(text, joiner.id(), 2), "waiting: join of " + number_of(sleeper.id()) + " 'sleeper'"), text);
        BOOST_TEST(contains(line_of(text, ready.id(), 2), " ready, yielded at"), text);
        BOOST_TEST(contains(line_of(text, fresh.id(), 2), " not begun"), text);
        BOOST_TEST(contains(text, ": 7 fibers, 2 ready\n"), text);
        for (const auto* f : {&sleeper, &reader, &waiter}) f->cancel();
        ::close(ends[0]);
        ::close(ends[1]);
        corun::yield(fresh.join());
        corun::yield(joiner.join());
    });
}

BOOST_AUTO_TEST_CASE(places_deadlines_cancellations_and_stacks) {
    corun::run([] {
        const unsigned spawned = __LINE__ + 1;
        auto child = corun::spawn([] { corun::yield(corun::with_timeout(1h, corun::sleep_for(2h))); });
        corun::yield();
        const std::string text = dumped();
        BOOST_TEST(contains(line_of(text, child.id(), 2), std::string{__FILE__} + ":" + std::to_string(spawned)), text);
        BOOST_TEST(contains(text, "    spawned at " + std::string{__FILE__} + ":" + std::to_string(spawned) + "; deadline in 3"),
                   text);
        BOOST_TEST(contains(text, " of 131072 bytes"), text);
        child.cancel();
        BOOST_TEST(contains(dumped(), "; cancelled (requested)"), dumped());
        corun::yield(child.wait());
    });
}

BOOST_AUTO_TEST_CASE(a_tree_by_who_spawned_whom_also_when_the_parent_has_gone) {
    corun::run([] {
        std::uint64_t grandchild = 0;
        auto parent = corun::spawn([&] {
            auto child = corun::spawn([] { corun::yield(corun::sleep_for(1h)); });
            grandchild = child.id();
            corun::yield(corun::sleep_for(1h));
        });
        corun::yield();
        corun::yield();
        BOOST_TEST(contains(line_of(dumped(), grandchild, 3), "waiting: sleep"));
        parent.cancel();
        corun::yield(parent.wait());
        const std::string text = dumped();
        BOOST_TEST(contains(line_of(text, grandchild), "waiting: sleep"), text);
        BOOST_TEST(contains(text, " by " + number_of(parent.id()) + " (not here any more)"), text);
    });
}

BOOST_AUTO_TEST_CASE(from_another_thread_while_the_fibers_run) {
    std::atomic<bool> enough{false};
    std::atomic<int> begun{0};
    asio::io_context io;
    corun::spawn(
        io, {.name = "busy"},
        [&] {
            for (++begun; !enough;) corun::yield();
        },
        asio::detached);
    corun::spawn(
        io, {.name = "churn"},
        [&] {
            ++begun;
            while (!enough) corun::yield(corun::spawn([] { corun::yield(); }).join());
        },
        asio::detached);
    std::thread runner{[&] { io.run(); }};
    std::string text;
    while (begun != 2) std::this_thread::yield();
    for (int i = 0; i != 20; ++i) text = dumped({.patience = 60s});
    enough = true;
    runner.join();
    BOOST_TEST(contains(text, "'busy' ready"), text);
    BOOST_TEST(contains(text, "'churn' "), text);
}

BOOST_AUTO_TEST_CASE(of_an_idle_scheduler_whose_thread_sleeps_in_the_kernel) {
    asio::io_context io;
    auto sleeper = corun::spawn(io, {.name = "sleeper"}, [] { corun::yield(corun::sleep_for(1h)); });
    io.poll();
    std::thread runner{[&] { io.run(); }};
    const std::string text = dumped();
    sleeper.cancel();
    runner.join();
    BOOST_TEST(contains(text, "'sleeper' waiting: sleep"), text);
}

#if !defined(CORUN_TSAN)  // it delays signals to a thread that computes
BOOST_AUTO_TEST_CASE(of_a_scheduler_whose_fiber_does_not_yield_its_thread_is_interrupted) {
    std::atomic<bool> spins{false}, enough{false};
    asio::io_context io;
    auto sleeper = corun::spawn(io, {.name = "sleeper"}, [] { corun::yield(corun::sleep_for(1h)); });
    corun::spawn(
        io, {.name = "spinner"},
        [&] {
            for (spins = true; !enough;) {
            }
        },
        asio::detached);
    std::thread runner{[&] { io.run(); }};
    while (!spins) std::this_thread::yield();
    const std::string text = dumped({.patience = 100ms});
    enough = true;
    sleeper.cancel();
    runner.join();
    BOOST_TEST(contains(text, "; seen by interrupting a fiber that does not yield\n"), text);
    BOOST_TEST(contains(text, "'spinner' running"), text);
    BOOST_TEST(contains(text, "'sleeper' waiting: sleep"), text);
}
#endif

BOOST_AUTO_TEST_CASE(json_has_the_same) {
    corun::run([] {
        auto sleeper = corun::spawn({.name = "a \"quoted\"\n name"}, [] { corun::yield(corun::sleep_for(1h)); });
        auto joiner = corun::spawn([&] { corun::yield(sleeper.wait()); });
        corun::yield();
        const std::string text = dumped({.format = corun::dump_format::json});
        BOOST_TEST(contains(text, R"("name":"a \"quoted\"\u000a name","state":"waiting","spawned_by":)"), text);
        BOOST_TEST(contains(text, R"("waits_for":"join of","waits_for_fiber":)" + std::to_string(sleeper.id())), text);
        BOOST_TEST(contains(text, R"("yielded_at":{"file":")" + std::string{__FILE__} + R"(","line":)"), text);
        sleeper.cancel();
        corun::yield(joiner.join());
    });
}

#if !defined(CORUN_SANITIZED)
__attribute__((noinline)) void a_function_that_waits() {
    corun::yield(corun::sleep_for(1h));
    asm volatile("");  // no tail call
}

BOOST_AUTO_TEST_CASE(backtraces_of_fibers_that_wait_and_go_on_unharmed) {
    corun::run([] {
        auto deep = corun::spawn({.name = "deep"}, [] {
            try {
                a_function_that_waits();
            } catch (const corun::cancelled&) {
                return 7;
            }
            return 0;
        });
        corun::yield();
        std::string text;
        for (int i = 0; i != 10; ++i) text = dumped({.backtraces = true});
        BOOST_TEST((contains(text, "a_function_that_waits()") || contains(text, "test.dump(+0x")), text);
        deep.cancel();
        BOOST_TEST(corun::yield(deep.join()) == 7);
    });
}
#endif

BOOST_AUTO_TEST_CASE(a_signal_makes_one_on_stderr) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    const int before = ::dup(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    std::string text;
    {
        const corun::dump_on_signal on_quit;
        BOOST_CHECK_THROW(corun::dump_on_signal{SIGUSR2}, std::logic_error);
        corun::run([&] {
            auto sleeper = corun::spawn({.name = "sleeper"}, [] { corun::yield(corun::sleep_for(1h)); });
            corun::yield();
            ::raise(SIGQUIT);
            char buffer[4096];
            while (text.find("'sleeper' waiting: sleep") == std::string::npos) {
                corun::yield(corun::readable(ends[0]));
                text.append(buffer, static_cast<std::size_t>(::read(ends[0], buffer, sizeof buffer)));
            }
        });
    }
    ::dup2(before, STDERR_FILENO);
    for (const int fd : {before, ends[0], ends[1]}) ::close(fd);
    BOOST_TEST(contains(text, "'sleeper' waiting: sleep"), text);
}

BOOST_AUTO_TEST_SUITE_END()
