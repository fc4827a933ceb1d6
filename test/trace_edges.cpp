// Traces that begin late, lose their oldest events, or hold strange names.
#include <corun/trace.hpp>

#include "../lib/trace_json.hpp"
#include "support/leaks.hpp"
#include "support/trace_file.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using corun_test::trace_scratch;
using strings = std::vector<std::string>;

std::string label(const auto& fiber, const std::string& name) { return "#" + std::to_string(fiber.id()) + " " + name; }

void write(const corun::detail::trace_ring& ring, const trace_scratch& to) {
    corun::detail::trace_writer writer{ring.capacity()};
    const int fd = ::open(to.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    BOOST_TEST(writer.write(fd, ring, {}) == 0);
    ::close(fd);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(trace_edges, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(the_ring_keeps_the_newest_and_counts_the_others) {
    const trace_scratch file;
    std::uint64_t dropped = 0;
    {
        const corun::trace recorded{file.path, {.events = 256}};
        corun::run([] {
            const corun::trace_span begun_long_ago{"long"};
            for (int i = 0; i != 10; ++i)
                corun::yield(corun::with_group([](corun::group& all) {
                    for (int n = 0; n != 50; ++n)
                        all.spawn([] {
                            const corun::trace_span each{"each"};
                            corun::yield();
                        });
                }));
        });
        dropped = recorded.dropped();
    }
    BOOST_TEST(dropped > 1000U);
    const corun_test::trace_file seen{file.path};
    BOOST_TEST(seen.dropped == dropped);
    BOOST_TEST(seen.slices.size() > 10U);
}

BOOST_AUTO_TEST_CASE(an_arrow_from_a_fiber_that_ran_already_when_the_trace_began) {
    const trace_scratch file;
    corun::run([&] {
        const std::string self = "#" + std::to_string(corun::this_fiber::id()) + " main";
        {
            const corun::trace recorded{file.path};
            auto child = corun::spawn({.name = "child"}, [] {});
            corun::yield(child.join());
            corun::yield(corun::sleep_for(1ms));  // the next turn of the loop is the first that is recorded
        }
        const corun_test::trace_file seen{file.path};  // which wants both ends of each arrow in a slice, on a track with a name
        BOOST_REQUIRE(!seen.arrows.empty());
        const std::string source = seen.names.at(seen.arrows.front().from);
        BOOST_TEST(source == self);
        const strings states = seen.states(source);
        BOOST_TEST((!states.empty() && states.front() == "not traced yet"));
    });
}

BOOST_AUTO_TEST_CASE(names_may_hold_any_bytes) {
    const trace_scratch file;
    const std::string hostile{"a\"b\\c\nd\x7f\xc3\xa9\xff\0e", 14};
    std::string label;
    {
        const corun::trace recorded{file.path};
        corun::run([&] {
            auto fiber = corun::spawn({.name = hostile}, [&] {
                const corun::trace_span span{hostile};
                corun::yield();
            });
            label = "#" + std::to_string(fiber.id()) + " a\"b\\c?d?\xc3\xa9?";  // names end at a NUL
            corun::yield(fiber.join());
        });
    }
    const corun_test::trace_file seen{file.path};
    BOOST_TEST(seen.track(label) != 0U);
    const auto slices = seen.of(label);
    BOOST_TEST(std::any_of(slices.begin(), slices.end(), [](const auto& s) { return s.name == "a\"b\\c?d?\xc3\xa9?"; }));
}

BOOST_AUTO_TEST_CASE(ids_beyond_32_bits_have_tracks_of_their_own) {
    const trace_scratch file;
    corun::detail::trace_ring ring{256};
    for (const std::uint64_t id :
         {std::uint64_t{1}, std::uint64_t{1} << 32, (std::uint64_t{1} << 32) + 1, std::uint64_t{1} << 40}) {
        corun::detail::trace_event event{.kind = corun::detail::trace_kind::run, .fiber = id, .at = 1000};
        ring.add(event);
        event.kind = corun::detail::trace_kind::end;
        ring.add(event);
    }
    write(ring, file);
    BOOST_TEST(corun_test::trace_file{file.path}.slices.size() == 4U);
}

BOOST_AUTO_TEST_CASE(whose_begin_was_overwritten_has_no_track) {
    const trace_scratch file;
    corun::detail::trace_ring ring{256};
    using corun::detail::trace_kind;
    ring.add({.kind = trace_kind::end, .fiber = 1, .at = 1000});
    ring.add({.kind = trace_kind::span_end, .at = 1500, .thread = 2});
    ring.add({.kind = trace_kind::run, .fiber = 3, .at = 2000});
    write(ring, file);
    const corun_test::trace_file seen{file.path};
    BOOST_TEST(seen.names.size() == 1U);
    BOOST_TEST(seen.names.contains(3));
}

BOOST_AUTO_TEST_CASE(it_may_begin_and_end_while_fibers_wait) {
    const trace_scratch file;
    corun::run([&] {
        corun::event first, second;
        auto waiter = corun::spawn({.name = "waiter"}, [&] {
            corun::yield(first.wait());
            corun::yield(second.wait());
        });
        corun::yield();
        {
            const corun::trace recorded{file.path};
            corun::yield(corun::sleep_for(1ms));  // the next turn of the loop is the first that is recorded
            first.set();
            corun::yield();
            corun::yield();
        }
        second.set();
        corun::yield(waiter.join());
        const corun_test::trace_file seen{file.path};
        const strings expected{"running", "waiting"};
        BOOST_TEST(seen.states(label(waiter, "waiter")) == expected, boost::test_tools::per_element());
    });
}

BOOST_AUTO_TEST_CASE(of_several_threads_while_it_begins_and_ends) {
    const trace_scratch file;
    std::atomic<bool> enough{false};
    corun::runtime cores{{.threads = 3}};
    corun::concurrent_mutex shared;
    std::uint64_t turns = 0;
    std::vector<corun::fiber<void>> fibers;
    for (std::size_t i = 0; i != 6; ++i)
        fibers.push_back(cores.spawn_on(i % 3, {.name = "busy"}, [&] {
            while (!enough) {
                {
                    const corun::trace_span span{"locked"};
                    const auto hold = corun::yield(shared.lock());
                    ++turns;
                }
                corun::yield(corun::spawn([] { corun::yield(); }).join());
            }
        }));
    for (int i = 0; i != 5; ++i) {
        corun::trace recorded{file.path, {.events = 1024}};
        while (recorded.dropped() < 2000) std::this_thread::yield();
        recorded.stop();
        const corun_test::trace_file seen{file.path};
        BOOST_TEST(seen.slices.size() > 6U);
    }
    enough = true;
    for (auto& fiber : fibers) fiber.get();
    BOOST_TEST(turns > 0U);
}

BOOST_AUTO_TEST_CASE(a_second_one_and_a_file_that_cannot_be_written_are_refused) {
    const trace_scratch file;
    BOOST_CHECK_EXCEPTION(corun::trace{"/nowhere/at/all.json"}, boost::system::system_error, [](const auto& e) {
        return std::string{e.what()}.starts_with("corun: the trace /nowhere/at/all.json cannot be written: No such file");
    });
    corun::trace first{file.path};
    BOOST_CHECK_THROW(corun::trace{file.path + "2"}, std::logic_error);
    first.stop();
    first.stop();
    corun::trace full{"/dev/full"};
    BOOST_CHECK_THROW(full.stop(), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(a_flight_recorder_leaves_no_file_without_a_crash) {
    const trace_scratch file;
    {
        const corun::trace recorder{file.path, {.only_on_crash = true}};
        corun::run([] { corun::yield(); });
        BOOST_TEST(std::filesystem::exists(file.path));
    }
    BOOST_TEST(!std::filesystem::exists(file.path));
}

BOOST_AUTO_TEST_SUITE_END()
