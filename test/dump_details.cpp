// What a dump says of each fiber: since when it waits, in which blocks it is, how much of its stack it uses.
#include "support/dumps.hpp"
#include "support/leaks.hpp"
#include "support/locales.hpp"

#include <corun.hpp>
#include <corun/sim.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <functional>
#include <iomanip>
#include <sstream>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace corun_test;

namespace {

std::string at(unsigned line) {
    std::ostringstream place;
    place << __FILE__ << ':' << line;
    return std::move(place).str();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(dump_details, corun_test::nothing_left)

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
            for (const std::size_t used :
                 {uses(text, waits.id(), 2), uses(text, ready.id(), 2), uses(text, corun::this_fiber::id(), 1)}) {
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

// Dumps cut names off at 47 bytes, here in the middle of a character.
BOOST_AUTO_TEST_CASE(json_is_valid_whatever_names_and_the_stream_are_like) {
    corun::run([] {
        std::vector<corun::fiber<>> all;
        const std::string euro = "\xe2\x82\xac";
        for (const std::string& name : {std::string{"\xff \x01 \x7f \\ \" \xc3"}, std::string(46, 'x') + euro, euro}) {
            all.push_back(corun::spawn({.name = name},
                                       [] { corun::yield(corun::with_timeout(3h, [] { corun::yield(corun::sleep_for(5h)); })); }));
        }
        corun::yield();
        std::ostringstream out;
        out.imbue(corun_test::grouping_locale());
        out << std::hex << std::showpos << std::setprecision(1);
        corun::dump(out, {.format = corun::dump_format::json});
        const auto root = boost::json::parse(out.str()).as_object();
        const auto& fibers = root.at("schedulers").at(0).at("fibers").as_array();
        BOOST_REQUIRE(fibers.size() == 4U);
        BOOST_TEST(fibers[0].at("state").as_string() == "running");
        BOOST_TEST(fibers[1].at("name").as_string() == "\xef\xbf\xbd \x01 \x7f \\ \" \xef\xbf\xbd");
        BOOST_TEST(fibers[1].at("spawned_by").to_number<std::uint64_t>() == corun::this_fiber::id());
        BOOST_TEST(fibers[1].at("stack_size").to_number<std::size_t>() == 131072U);
        BOOST_TEST(fibers[1].at("deadline_in_s").to_number<double>() > 10000.0);
        BOOST_TEST(fibers[2].at("name").as_string() == std::string(46, 'x') + "\xef\xbf\xbd");
        BOOST_TEST(fibers[3].at("name").as_string() == euro);
        for (const auto& fiber : all) fiber.cancel();
        for (const auto& fiber : all) corun::yield(fiber.wait());
    });
}

BOOST_AUTO_TEST_SUITE_END()
