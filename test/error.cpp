#include <corun/error.hpp>

#include <corun/run.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace {

// Cancelled is not caught by accident; the rest is where one looks for it.
static_assert(!std::is_base_of_v<std::exception, corun::cancelled>);
static_assert(std::is_base_of_v<std::runtime_error, corun::fiber_cancelled>);
static_assert(std::is_base_of_v<std::runtime_error, corun::stack_unavailable>);
static_assert(std::is_base_of_v<std::logic_error, corun::not_in_fiber>);
static_assert(std::is_base_of_v<std::logic_error, corun::switch_forbidden>);

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string here(unsigned line) { return "error.cpp:" + std::to_string(line); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(error, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(every_reason_has_a_word) {
    BOOST_TEST(corun::to_string(corun::cancel_reason::requested) == std::string{"requested"});
    BOOST_TEST(corun::to_string(corun::cancel_reason::shutdown) == std::string{"shutdown"});
    BOOST_TEST(corun::to_string(corun::cancel_reason::abandoned) == std::string{"abandoned"});
    BOOST_TEST(corun::to_string(static_cast<corun::cancel_reason>(77)) == std::string{"unknown"});
}

BOOST_AUTO_TEST_CASE(cancelled_carries_reason_and_place) {
    const auto place = std::source_location::current();
    const corun::cancelled c{corun::cancel_reason::requested, place};
    BOOST_TEST((c.reason() == corun::cancel_reason::requested));
    BOOST_TEST(c.where().line() == place.line());
    BOOST_TEST(contains(c.message(), "cancelled (requested) at "));
    BOOST_TEST(contains(c.message(), here(place.line())));
}

BOOST_AUTO_TEST_CASE(cancelled_at_a_place_that_is_not_known) {
    const corun::cancelled c{corun::cancel_reason::abandoned, std::source_location{}};
    BOOST_TEST(c.message() == "cancelled (abandoned) at an unnamed place");
}

BOOST_AUTO_TEST_CASE(not_in_fiber_names_the_line_of_the_yield) {
    unsigned line = 0;
    try {
        line = std::source_location::current().line() + 1;
        corun::yield();
        BOOST_ERROR("a yield off fibers did not throw");
    } catch (const corun::not_in_fiber& e) {
        BOOST_TEST(contains(e.what(), here(line)), e.what());
    }
}

BOOST_AUTO_TEST_CASE(switch_forbidden_names_the_fiber_and_both_lines) {
    std::string message;
    unsigned guarded = 0, yielded = 0;
    corun::run(
        [&] {
            guarded = std::source_location::current().line() + 1;
            corun::no_yield guard{"the table is half written"};
            try {
                yielded = std::source_location::current().line() + 1;
                corun::yield();
            } catch (const corun::switch_forbidden& e) {
                message = e.what();
            }
        },
        {.name = "writer"});
    BOOST_TEST(contains(message, "'writer'"), message);
    BOOST_TEST(contains(message, here(guarded)), message);
    BOOST_TEST(contains(message, here(yielded)), message);
    BOOST_TEST(contains(message, "the table is half written"), message);
}

BOOST_AUTO_TEST_SUITE_END()
