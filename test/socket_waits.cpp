// Waits for sockets: one for each direction, and what their cancellation takes.
#include <corun/socket.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using corun_test::connection;
using corun_test::read_text;

BOOST_FIXTURE_TEST_SUITE(socket_waits, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(one_fiber_for_each_direction_at_once) {
    corun::run([] {
        connection c;
        corun_test::fill(c.own.native_handle());
        std::string order;
        auto writer = corun::spawn([&] {
            corun::yield(corun::write(c.own, asio::buffer("w", 1)));
            order += 'w';
        });
        auto reader = corun::spawn([&] { order += read_text(c.own); });
        corun::yield();
        c.send("r");
        corun::yield(reader.join());
        BOOST_TEST(!writer.done());
        corun_test::drain(c.peer);
        corun::yield(writer.join());
        BOOST_TEST(order == "rw");
    });
}

BOOST_AUTO_TEST_CASE(a_second_fiber_for_the_same_direction_is_refused) {
    corun::run([] {
        connection c;
        auto first = corun::spawn([&] { return read_text(c.own); });
        corun::yield();
        BOOST_CHECK_THROW(read_text(c.own), std::logic_error);
        BOOST_TEST(!first.done());
        c.send("for the first");
        BOOST_TEST(corun::yield(first.join()) == "for the first");
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_is_withdrawn_and_takes_nothing) {
    corun::run([] {
        connection c;
        auto reader = corun::spawn([&] { return read_text(c.own); });
        corun::yield();
        reader.cancel();
        BOOST_CHECK_THROW(corun::yield(reader.join()), corun::fiber_cancelled);
        c.send("for the next");
        BOOST_TEST(read_text(c.own) == "for the next");
    });
}

BOOST_AUTO_TEST_CASE(completion_wins_over_a_cancellation) {
    corun::run([] {
        connection c, signal;
        std::string text;
        auto reader = corun::spawn([&] {
            text = read_text(c.own);
            corun::yield(corun::sleep_for(std::chrono::hours{1}));
        });
        auto canceller = corun::spawn([&] {
            read_text(signal.own);
            reader.cancel();
        });
        corun::yield();
        signal.send("both are told of in one batch");
        c.send("won");
        BOOST_CHECK_THROW(corun::yield(reader.join()), corun::fiber_cancelled);
        corun::yield(canceller.join());
        BOOST_TEST(text == "won");
    });
}

BOOST_AUTO_TEST_SUITE_END()
