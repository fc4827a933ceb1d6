#include <corun/dump.hpp>

#include "support/leaks.hpp"

#include <corun.hpp>
#include <corun/sim.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>
#include <atomic>
#include <csignal>
#include <functional>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

std::string dumped(const corun::dump_options& options = {}) {
    std::ostringstream out;
    corun::dump(out, options);
    return out.str();
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string number_of(std::uint64_t id) { return "#" + std::to_string(id); }

// The line, indented by the depth in the tree, that begins with the fiber's number.
std::string line_of(const std::string& text, std::uint64_t id, std::size_t depth = 1) {
    const std::string begin = "\n" + std::string(2 * depth, ' ') + number_of(id) + " ";
    const auto at = text.find(begin);
    return at == std::string::npos ? "no line for " + number_of(id) + " in:\n" + text
                                   : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

std::string at(unsigned line) {
    std::ostringstream place;
    place << __FILE__ << ':' << line;
    return std::move(place).str();
}

// How many seconds ago it yielded, by its line.
double ago(const std::string& line) {
    BOOST_REQUIRE_MESSAGE(line.ends_with(" s ago"), line);
    return std::stod(line.substr(line.rfind(", ") + 2));
}

}  // namespace

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
        BOOST_TEST(contains(line_of(text, child.id(), 2), at(spawned)), text);
        BOOST_TEST(contains(text, "    spawned at " + at(spawned) + "; deadline in 3"), text);
        BOOST_TEST(contains(text, " of 131072 bytes"), text);
        child.cancel();
        BOOST_TEST(contains(dumped(), "; cancelled (requested)"), dumped());
        corun::yield(child.wait());
    });
}

BOOST_AUTO_TEST_CASE(how_much_stack_those_use_that_wait_are_ready_or_run) {
    corun::run([] {
        const auto uses = [](const std::string& text, std::uint64_t id, std::size_t depth) {
            const std::size_t at = text.find("; stack ", text.find(line_of(text, id, depth)));
            return at == std::string::npos ? 0 : std::stoul(text.substr(at + 8));
        };
        const auto with_frame_of_8000_bytes = [](auto wait) {
            volatile char frame[8000] = {};
            wait();
            frame[0] = frame[1];
        };
        auto waits = corun::spawn([&] { with_frame_of_8000_bytes([] { corun::yield(corun::sleep_for(1h)); }); });
        auto ready = corun::spawn([&] { with_frame_of_8000_bytes([] { corun::yield(); }); });
        corun::yield();
        with_frame_of_8000_bytes([&] {
            const std::string text = dumped();
            BOOST_TEST(contains(line_of(text, ready.id(), 2), " ready"), text);
            for (const std::size_t used : {uses(text, waits.id(), 2), uses(text, ready.id(), 2), uses(text, corun::this_fiber::id(), 1)}) {
                BOOST_TEST(used > 8000U, text);
                BOOST_TEST(used < 131072U, text);
            }
        });
        waits.cancel();
        corun::yield(waits.wait());
    });
}

BOOST_AUTO_TEST_CASE(each_block_with_its_line_its_time_and_its_cancellation) {
    corun::sim::run({}, [] {
        unsigned shield = 0, timeout = 0, group = 0;
        auto child = corun::spawn([&] {
            const auto shielded = [&] {
                shield = __LINE__ + 1;
                corun::yield(corun::with_shield(2s, [] { corun::yield(corun::sleep_for(1h)); }));
            };
            const auto timed = [&] {
                timeout = __LINE__ + 1;
                corun::yield(corun::with_timeout(3s, shielded));
            };
            group = __LINE__ + 1;
            corun::yield(corun::with_group([&](corun::group& g) {
                g.spawn([] { corun::yield(corun::sleep_for(1h)); });
                timed();
            }));
        });
        const auto blocks = [&](const std::string& of_shield, const std::string& of_timeout) {
            return "        inside of with_shield of " + at(shield) + of_shield + "; with_timeout of " + at(timeout) + of_timeout +
                   "; with_group of " + at(group) + "\n";
        };
        corun::yield(corun::sleep_for(1s));
        std::string text = dumped();
        BOOST_TEST(contains(text, blocks(", not needed yet", ", 2.000 s left")), text);
        BOOST_TEST(contains(text, ", in the group of " + at(group)), text);
        corun::yield(corun::sleep_for(3s));  // the time is up, and half of the grace over
        text = dumped();
        BOOST_TEST(contains(text, blocks(", 1.000 s left", ", -1.000 s left, cancelled (deadline)")), text);
        text = dumped({.format = corun::dump_format::json});
        BOOST_TEST(contains(text, R"("scopes":[{"kind":"with_shield","at":{"file":")"), text);
        BOOST_TEST(contains(text, R"("deadline_in_s":1,"grace_s":2,"lets_through":false},{"kind":"with_timeout")"), text);
        BOOST_TEST(contains(text, R"("deadline_in_s":-1,"cancelled":"deadline"},{"kind":"with_group")"), text);
        BOOST_TEST(contains(text, R"("scope_count":3)"), text);
        BOOST_TEST(contains(text, R"("group_at":{"file":)"), text);
        BOOST_CHECK_THROW(corun::yield(child.join()), corun::timed_out);
    });
}

BOOST_AUTO_TEST_CASE(deeply_nested_blocks_are_counted) {
    corun::run([] {
        std::function<void(int)> nest = [&](int more) {
            if (more != 0)
                (void)corun::yield(corun::move_on_after(1h, [&] { nest(more - 1); }));
            else
                corun::yield(corun::with_stop_token(std::stop_token{}, [] { corun::yield(corun::sleep_for(1h)); }));
        };
        auto child = corun::spawn([&] { nest(9); });
        corun::yield();
        const std::string text = dumped();
        BOOST_TEST(contains(text, "inside of with_stop_token of "), text);
        BOOST_TEST(contains(text, "; and 4 more\n"), text);
        child.cancel();
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

BOOST_AUTO_TEST_CASE(since_when_each_one_waits) {
    corun::run([] {
        auto sleeper = corun::spawn([] { corun::yield(corun::sleep_for(1h)); });
        corun::yield();
        corun::yield(corun::sleep_for(20ms));
        BOOST_TEST(ago(line_of(dumped(), sleeper.id(), 2)) >= 0.02);
    });
}

BOOST_AUTO_TEST_CASE(since_when_in_virtual_time) {
    corun::sim::run({}, [] {
        auto sleeper = corun::spawn([] { corun::yield(corun::sleep_for(1h)); });
        auto next = corun::spawn([] {
            corun::yield(corun::sleep_for(50s));
            corun::yield(corun::sleep_for(1h));
        });
        corun::yield(corun::sleep_for(90s));
        BOOST_TEST(ago(line_of(dumped(), sleeper.id(), 2)) == 90.0);
        BOOST_TEST(ago(line_of(dumped(), next.id(), 2)) == 40.0);
        BOOST_TEST(contains(dumped({.format = corun::dump_format::json}), R"("yielded_ago_s":90,)"));
        sleeper.cancel();
        next.cancel();
        corun::yield(next.wait());
    });
}

BOOST_AUTO_TEST_CASE(when_each_one_yielded_is_known_while_yields_are_timed) {
    corun::run([] {
        auto ready = corun::spawn([] {
            for (int i = 0; i != 4; ++i) corun::yield();
        });
        corun::yield();
        BOOST_TEST(!contains(line_of(dumped(), ready.id(), 2), " ago"));
        const corun::yield_times times;
        corun::yield();
        BOOST_TEST(contains(line_of(dumped(), ready.id(), 2), " ready, yielded at "));
        BOOST_TEST(ago(line_of(dumped(), ready.id(), 2)) >= 0.0);
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
