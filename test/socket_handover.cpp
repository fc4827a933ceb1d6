// Sockets that go to another scheduler or context, and contexts that go.
#include <corun/socket.hpp>

#include <corun/fiber.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::check_waiting_read;
using corun_test::connection;
using corun_test::number;
using corun_test::read_text;
using tcp = asio::ip::tcp;

BOOST_FIXTURE_TEST_SUITE(socket_handover, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(handed_to_another_scheduler_and_back) {
    asio::io_context first, second;
    connection c{first.get_executor()};
    const auto read_on = [&](asio::io_context& context, const std::string& text) {
        auto fiber = corun::spawn(context, [&] { check_waiting_read(c, text); });
        context.restart();
        context.run();
        fiber.get();
    };
    for (int round = 0; round != 3; ++round) {
        read_on(first, "by the first");
        read_on(second, "by the second");
    }
}

// The other scheduler knows the number, from a socket that has gone since.
BOOST_AUTO_TEST_CASE(handed_to_a_scheduler_that_knew_another_socket_of_its_number) {
    asio::io_context first, second;
    std::optional<connection> c{std::in_place, first.get_executor()};
    c->move_to(number);
    const auto read_on = [&](asio::io_context& context) {
        auto fiber = corun::spawn(context, [&] { check_waiting_read(*c, "read"); });
        context.restart();
        context.run();
        fiber.get();
    };
    read_on(second);
    for (int round = 0; round != 3; ++round) {
        c.reset();
        c.emplace(first.get_executor());
        c->move_to(number);
        read_on(first);   // registers it, and leaves the mark
        read_on(second);  // must not believe what it knew of the number
    }
}

BOOST_AUTO_TEST_CASE(released_and_assigned_to_a_socket_of_another_context) {
    asio::io_context first, second;
    connection c{first.get_executor()};
    auto before = corun::spawn(first, [&] { check_waiting_read(c, "before"); });
    first.run();
    before.get();
    tcp::socket moved{second, tcp::v4(), c.own.release()};
    auto after = corun::spawn(second, [&] { check_waiting_read(moved, c.peer, "after"); });
    second.run();
    after.get();
}

// The fiber waits for the descriptor, and goes on doing so; whoever reads first gets what is there.
BOOST_AUTO_TEST_CASE(handed_to_another_context_while_a_fiber_waits) {
    asio::io_context first, second;
    connection c{first.get_executor()};
    std::string got;
    auto waits = corun::spawn(first, [&] {
        error_code ec;
        got = read_text(c.own, ec);
    });
    first.poll();
    tcp::socket moved{second, tcp::v4(), c.own.release()};
    auto there = corun::spawn(second, [&] { check_waiting_read(moved, c.peer, "for the second"); });
    second.run();
    there.get();
    first.poll();
    BOOST_TEST(!waits.done());
    c.send("for the first");
    first.run();
    BOOST_TEST(waits.done());
    BOOST_TEST(got == "for the first");
}

BOOST_AUTO_TEST_CASE(its_context_dies_while_a_fiber_waits) {
    bool cancelled = false;
    corun_test::descriptor peer;
    {
        asio::io_context io;
        corun::spawn(io, [&] {
            connection own;
            peer = std::move(own.peer);
            try {
                error_code ec;
                read_text(own.own, ec);
            } catch (const corun::cancelled& why) {
                cancelled = why.reason() == corun::cancel_reason::shutdown;
                throw;
            }
        });
        io.poll();
        BOOST_TEST(!cancelled);
    }
    BOOST_TEST(cancelled);
}

BOOST_AUTO_TEST_SUITE_END()
