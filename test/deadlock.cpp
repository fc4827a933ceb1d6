// Fibers that wait for each other's end.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(deadlock, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_cycle_of_joins_is_refused_where_it_would_close_and_names_every_line) {
    std::string message;
    corun::run([&] {
        corun::fiber<void> a, b, c;
        a = corun::spawn({.name = "a"}, [&] { corun::yield(b.wait()); });
        b = corun::spawn({.name = "b"}, [&] { corun::yield(c.wait()); });
        c = corun::spawn({.name = "c"}, [&] {
            try {
                corun::yield(a.wait());
            } catch (const corun::deadlock& refused) {
                message = refused.what();
            }
        });
        corun::yield(a.wait());
    });
    const auto line = [](int n) { return std::string{__FILE__} + ":" + std::to_string(n); };
    const auto is_at = [&](const std::string& part) { return message.find(part) != std::string::npos; };
    BOOST_TEST(is_at("fiber 'c' (#"), message);
    BOOST_TEST(is_at("joins at " + line(23) + " 'a' (#"), message);
    BOOST_TEST(is_at("), which waits at " + line(19) + " for 'b' (#"), message);
    BOOST_TEST(is_at("), which waits at " + line(20) + " for 'c' (#"), message);
}

BOOST_AUTO_TEST_CASE(a_chain_without_a_cycle_is_none) {
    corun::run([] {
        auto a = corun::spawn([] { corun::yield(corun::sleep_for(1ms)); });
        auto b = corun::spawn([&] { corun::yield(a.wait()); });
        auto c = corun::spawn([&] { corun::yield(b.wait()); });
        BOOST_CHECK_NO_THROW(corun::yield(c.join()));
    });
}

BOOST_AUTO_TEST_CASE(a_deadline_anywhere_in_the_cycle_ends_it_instead) {
    corun::run([] {
        corun::fiber<void> a, b;
        bool timed_out = false;
        a = corun::spawn([&] {
            try {
                corun::yield(corun::with_timeout(1ms, b.wait()));
            } catch (const corun::timed_out&) {
                timed_out = true;
            }
        });
        b = corun::spawn([&] { corun::yield(a.wait()); });
        BOOST_CHECK_NO_THROW(corun::yield(b.join()));
        BOOST_TEST(timed_out);
    });
}

BOOST_AUTO_TEST_CASE(a_child_that_joins_the_fiber_whose_group_waits_for_it) {
    bool refused = false;
    corun::run([&] {
        corun::fiber<void> parent;
        parent = corun::spawn([&] {
            corun::yield(corun::with_group([&](corun::group& g) {
                g.spawn([&] {
                    corun::yield();  // the parent waits for its children by now
                    BOOST_CHECK_THROW(corun::yield(parent.wait()), corun::deadlock);
                    refused = true;
                });
            }));
        });
        corun::yield(parent.join());
    });
    BOOST_TEST(refused);
}

BOOST_AUTO_TEST_SUITE_END()
