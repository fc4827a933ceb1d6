// A descriptor's number is not its identity: sockets that are closed, moved and copied, numbers that come again.
#include <corun/socket.hpp>

#include <corun/fiber.hpp>
#include <corun/io.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/token.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::check_waiting_read;
using corun_test::connection;
using corun_test::here;
using corun_test::number;
using corun_test::read_text;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

BOOST_FIXTURE_TEST_SUITE(socket_identity, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_number_that_comes_again_with_the_next_socket) {
    corun::run([] {
        for (int round = 0; round != 5; ++round) {
            connection c;
            c.move_to(number);
            check_waiting_read(c, "round " + std::to_string(round));
            check_waiting_read(c, "again");
        }
    });
}

BOOST_AUTO_TEST_CASE(one_socket_object_that_is_opened_again) {
    corun::run([] {
        std::optional<connection> c{std::in_place};
        check_waiting_read(*c, "first");
        tcp::socket own = std::move(c->own);
        for (int round = 0; round != 3; ++round) {
            own.close();
            c.emplace();
            own = std::move(c->own);
            check_waiting_read(own, c->peer, "next");
        }
    });
}

BOOST_AUTO_TEST_CASE(numbers_that_go_from_kind_to_kind) {
    corun::run([] {
        for (int round = 0; round != 3; ++round) {
            {
                connection c;
                c.move_to(number);
                check_waiting_read(c, "tcp");
            }
            {
                corun_test::pipe_pair ends;
                asio::posix::stream_descriptor out{here(), ::fcntl(ends.out, F_DUPFD_CLOEXEC, number)};
                BOOST_REQUIRE(out.native_handle() == number);
                check_waiting_read(out, ends.in, "pipe");
                auto waiter = corun::spawn([&] { corun::yield(corun::readable(out.native_handle())); });
                corun::yield();
                ends.write("readable");
                corun::yield(waiter.join());
            }
            {
                local::socket first{here()}, two{here()};
                asio::local::connect_pair(first, two);
                local::socket one{here(), {}, ::fcntl(first.native_handle(), F_DUPFD_CLOEXEC, number)};
                BOOST_REQUIRE(one.native_handle() == number);
                check_waiting_read(one, two.native_handle(), "local");
                check_waiting_read(two, one.native_handle(), "both ends");
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(moved_while_a_fiber_waits) {
    corun::run([] {
        std::optional<connection> c{std::in_place};
        for (const char* text : {"first", "known already"}) {
            std::string got;
            auto reader = corun::spawn([&] {
                error_code ec;
                got = read_text(c->own, ec);
            });
            corun::yield();
            std::optional<connection> elsewhere{std::move(*c)};
            c.reset();  // the object that the fiber was given is gone
            elsewhere->send(text);
            corun::yield(reader.join());
            BOOST_TEST(got == text);
            check_waiting_read(*elsewhere, "where it is now");
            c.emplace(std::move(*elsewhere));
        }
    });
}

BOOST_AUTO_TEST_CASE(closed_by_corun_a_waiting_fiber_is_told) {
    corun::run([] {
        connection c;
        corun_test::fill(c.own.native_handle());
        tcp::acceptor acceptor = corun_test::listen_here();
        error_code read, written, accepted;
        auto reader = corun::spawn([&] { read_text(c.own, read); });
        auto writer = corun::spawn([&] { corun::yield(corun::write(c.own, asio::buffer("w", 1)), written); });
        auto server = corun::spawn([&] { (void)corun::yield(corun::accept(acceptor), accepted); });
        corun::yield();
        corun::close(c.own);
        corun::close(acceptor);
        corun::yield(reader.join());
        corun::yield(writer.join());
        corun::yield(server.join());
        BOOST_TEST((read == asio::error::operation_aborted));
        BOOST_TEST((written == asio::error::operation_aborted));
        BOOST_TEST((accepted == asio::error::operation_aborted));
        BOOST_TEST(!c.own.is_open());
        BOOST_TEST(!acceptor.is_open());
    });
}

BOOST_AUTO_TEST_CASE(closed_behind_a_waiting_fiber_it_is_told_when_the_number_comes_again) {
    corun::run([] {
        std::optional<connection> old{std::in_place};
        old->move_to(number);
        error_code ec;
        auto reader = corun::spawn([&] { read_text(old->own, ec); });
        corun::yield();
        old->own.close();
        corun_test::descriptor peer_stays = std::move(old->peer);
        connection next;
        next.move_to(number);
        check_waiting_read(next, "for the new one");
        corun::yield(reader.join());
        BOOST_TEST((ec == asio::error::operation_aborted), ec.message());
    });
}

BOOST_AUTO_TEST_CASE(of_a_closed_object_every_operation_fails) {
    corun::run([] {
        tcp::socket closed{here()};
        tcp::acceptor deaf{here()};
        error_code ec;
        read_text(closed, ec);
        BOOST_TEST((ec == asio::error::bad_descriptor));
        corun::yield(corun::write(closed, asio::buffer("x", 1)), ec);
        BOOST_TEST((ec == asio::error::bad_descriptor));
        (void)corun::yield(corun::accept(deaf), ec);
        BOOST_TEST((ec == asio::error::bad_descriptor));
    });
}

// The registration belongs to the open file, not to the number: closing one of two numbers does not end it.
BOOST_AUTO_TEST_CASE(a_copy_of_the_descriptor_outlives_it) {
    corun::run([] {
        connection old;
        old.move_to(number);
        check_waiting_read(old, "registered");
        tcp::socket copy{here(), tcp::v4(), ::dup(number)};
        old.own.close();
        connection next;
        next.move_to(number);
        auto reader = corun::spawn([&] {
            error_code ec;
            return read_text(next.own, ec);
        });
        corun::yield();
        old.send("for the copy");  // an event for the number, of the old file
        std::string text(20, '\0');
        text.resize(corun::yield(corun::read_some(copy, asio::buffer(text))));
        BOOST_TEST(text == "for the copy");
        corun::yield();
        BOOST_TEST(!reader.done());
        next.send("for the next");
        BOOST_TEST(corun::yield(reader.join()) == "for the next");
        check_waiting_read(copy, old.peer, "the copy lives on");
    });
}

BOOST_AUTO_TEST_CASE(both_copies_of_a_descriptor_at_once) {
    corun::run([] {
        connection c;
        tcp::socket copy{here(), tcp::v4(), ::dup(c.own.native_handle())};
        error_code ec;
        auto one = corun::spawn([&] { return read_text(c.own, ec); });
        auto two = corun::spawn([&] { return read_text(copy, ec); });
        corun::yield();
        c.send("for one of them");
        ::shutdown(c.peer, SHUT_WR);
        const std::string first = corun::yield(one.join()), second = corun::yield(two.join());
        BOOST_TEST(first + second == "for one of them");
        BOOST_TEST((first.empty() || second.empty()));
    });
}

BOOST_AUTO_TEST_SUITE_END()
