#include <corun/trace.hpp>

#include "support/leaks.hpp"
#include "support/trace_file.hpp"

#include <corun.hpp>
#include <corun/sim.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

using corun_test::trace_scratch;
using strings = std::vector<std::string>;

std::string label(const auto& fiber, const std::string& name) { return "#" + std::to_string(fiber.id()) + " " + name; }

std::string here(unsigned line) { return std::string{__FILE__} + ":" + std::to_string(line); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(trace, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_fiber_is_a_track_of_its_states_with_lines_and_what_it_waits_for) {
    const trace_scratch file;
    std::string waiter_label;
    unsigned line = 0;
    {
        const corun::trace recorded{file.path};
        corun::run([&] {
            corun::event opened;
            auto waiter = corun::spawn({.name = "waiter"}, [&] {
                line = __LINE__ + 1;
                corun::yield(opened.wait());
                corun::yield();
            });
            waiter_label = label(waiter, "waiter");
            corun::yield();
            opened.set();
            corun::yield(waiter.join());
        });
    }
    const corun_test::trace_file seen{file.path};
    const strings expected{"not begun", "running", "waiting", "ready", "running", "ready", "running"};
    const strings states = seen.states(waiter_label);
    BOOST_TEST(states == expected, boost::test_tools::per_element());
    const auto slices = seen.of(waiter_label);
    BOOST_REQUIRE(slices.size() == expected.size());
    BOOST_TEST(slices[0].arguments.at("spawned at") == here(line - 2));
    BOOST_TEST(slices[2].arguments.at("at") == here(line));
    BOOST_TEST(slices[4].arguments.at("goes on from") == here(line));
    BOOST_TEST(slices[5].arguments.at("at") == here(line + 1));
    BOOST_TEST(slices.back().arguments.at("ended") == "returned");
    for (std::size_t i = 1; i != slices.size(); ++i) BOOST_TEST(slices[i].begin == slices[i - 1].end);
    BOOST_TEST(seen.dropped == 0U);
}

BOOST_AUTO_TEST_CASE(arrows_go_from_who_spawns_and_wakes) {
    const trace_scratch file;
    std::string waiter_label, main_label;
    {
        const corun::trace recorded{file.path};
        corun::run([&] {
            corun::event opened;
            main_label = "#" + std::to_string(corun::this_fiber::id()) + " main";
            auto waiter = corun::spawn({.name = "waiter"}, [&] { corun::yield(opened.wait()); });
            waiter_label = label(waiter, "waiter");
            corun::yield();
            opened.set();
            corun::yield(waiter.join());
        });
    }
    const corun_test::trace_file seen{file.path};
    strings arrows;
    for (const auto& arrow : seen.arrows) {
        arrows.push_back(arrow.name + ": " + seen.names.at(arrow.from) + " -> " + seen.names.at(arrow.to));
        BOOST_TEST(seen.holds(arrow.from, arrow.begin));
        BOOST_TEST(seen.holds(arrow.to, arrow.end));
    }
    const strings expected{"spawn: " + main_label + " -> " + waiter_label, "wake: " + main_label + " -> " + waiter_label,
                           "wake: " + waiter_label + " -> " + main_label};
    BOOST_TEST(arrows == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_the_event_loop_wakes_says_so) {
    const trace_scratch file;
    {
        const corun::trace recorded{file.path};
        corun::run([] { corun::yield(corun::sleep_for(1ms)); });
    }
    const corun_test::trace_file seen{file.path};
    BOOST_REQUIRE(seen.slices.size() == 1U);
    const auto& slices = seen.slices.begin()->second;
    const auto ready = std::find_if(slices.begin(), slices.end(), [](const auto& slice) { return slice.name == "ready"; });
    BOOST_REQUIRE((ready != slices.end()));
    BOOST_TEST(ready->arguments.at("woken by") == "the event loop");
    BOOST_TEST(seen.arrows.empty());
}

BOOST_AUTO_TEST_CASE(an_arrow_to_a_fiber_of_another_scheduler_on_another_thread) {
    const trace_scratch file;
    std::string waiter_label, opener_label;
    {
        const corun::trace recorded{file.path};
        corun::concurrent_event opened;
        corun::runtime cores{{.threads = 2}};
        std::atomic<std::uint64_t> waiting{0};
        auto waiter = cores.spawn_on(0, {.name = "waiter"}, [&] {
            waiting = corun::this_fiber::id();
            corun::yield(opened.wait());
        });
        auto opener = cores.spawn_on(1, {.name = "opener"}, [&] {
            // Until it is parked there is nobody to be woken: dumps see what it waits for.
            for (std::string text; text.find("'waiter' waiting") == text.npos; corun::yield()) {
                std::ostringstream out;
                corun::dump(out);
                text = out.str();
            }
            opened.set();
        });
        waiter_label = label(waiter, "waiter");
        opener_label = label(opener, "opener");
        waiter.get();
        opener.get();
    }
    const corun_test::trace_file seen{file.path};
    const auto is_it = [&](const auto& arrow) {
        return arrow.name == "wake" && seen.names.at(arrow.from) == opener_label && seen.names.at(arrow.to) == waiter_label;
    };
    BOOST_TEST(std::count_if(seen.arrows.begin(), seen.arrows.end(), is_it) == 1);
}

BOOST_AUTO_TEST_CASE(spans_hold_the_states_and_nest_across_yields) {
    const trace_scratch file;
    {
        const corun::trace recorded{file.path};
        corun::run([] {
            const corun::trace_span outer{"outer \"quoted\\\" \xff\n"};
            corun::yield();
            {
                const corun::trace_span inner{"inner"};
                corun::yield(corun::sleep_for(1ms));
            }
        });
        const corun::trace_span on_a_thread{"on a thread"};
    }
    const corun_test::trace_file seen{file.path};
    std::size_t found = 0;
    for (const auto& [track, slices] : seen.slices)
        for (const auto& slice : slices) {
            found += slice.name == "outer \"quoted\\\" ??" && slice.depth == 0;
            found += slice.name == "inner" && slice.depth == 1;
            found += slice.name.starts_with("waiting: sleep") && slice.depth == 2;
            found += slice.name == "on a thread" && seen.names.at(track).starts_with("thread ");
        }
    BOOST_TEST(found == 4U);
}

BOOST_AUTO_TEST_CASE(a_simulated_run_is_in_virtual_time) {
    const trace_scratch file;
    {
        const corun::trace recorded{file.path};
        corun::sim::run({}, [] { corun::yield(corun::sleep_for(1h)); });
    }
    const corun_test::trace_file seen{file.path};
    BOOST_REQUIRE(seen.slices.size() == 1U);
    const auto& slices = seen.slices.begin()->second;
    const auto slept =
        std::find_if(slices.begin(), slices.end(), [](const auto& s) { return s.name.starts_with("waiting: sleep"); });
    BOOST_REQUIRE((slept != slices.end()));
    BOOST_TEST(slept->end - slept->begin == 3600e6);
}

BOOST_AUTO_TEST_SUITE_END()
