// What an edge-triggered registration can miss: each of these would hang, or end early, if a bit were wrong.
#include <corun/socket.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/token.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <thread>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::connection;
using corun_test::here;
using namespace std::chrono_literals;

namespace {

// A connection whose socket a fiber has waited for: it is registered, and known to be empty.
struct known_connection : connection {
    known_connection() {
        std::string first(10, '\0');
        auto reader = corun::spawn([&] { return corun::yield(corun::read_some(own, asio::buffer(first))); });
        corun::yield();
        send("first");
        corun::yield(reader.join());
    }

    // Reads in pieces of `most` until the end.
    std::string read_to_end(std::size_t most, error_code& ec) {
        std::string all, piece(most, '\0');
        for (;;) {
            const std::size_t n = corun::yield(corun::read_some(own, asio::buffer(piece)), ec);
            if (ec) return all;
            all.append(piece, 0, n);
        }
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(socket_edges, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(data_and_the_end_in_one_edge) {
    for (const std::size_t most : {1U, 4U, 5U, 100U})
        corun::run([=] {
            known_connection c;
            c.send("whole");
            c.peer.close();  // before the fiber looks: one event tells of both
            error_code ec;
            BOOST_TEST(c.read_to_end(most, ec) == "whole");
            BOOST_TEST((ec == asio::error::eof), ec.message());
        });
}

BOOST_AUTO_TEST_CASE(the_end_in_an_edge_of_its_own) {
    corun::run([] {
        known_connection c;
        auto reader = corun::spawn([&] {
            error_code ec;
            BOOST_TEST(c.read_to_end(100, ec) == "before");
            BOOST_TEST((ec == asio::error::eof), ec.message());
        });
        corun::yield();
        c.send("before");
        corun::yield(corun::sleep_for(1ms));
        c.peer.close();
        corun::yield(reader.join());
    });
}

BOOST_AUTO_TEST_CASE(a_peer_that_sends_no_more_still_receives) {
    corun::run([] {
        known_connection c;
        c.send("question");
        ::shutdown(c.peer, SHUT_WR);
        error_code ec;
        BOOST_TEST(c.read_to_end(100, ec) == "question");
        BOOST_TEST((ec == asio::error::eof));
        corun::yield(corun::write(c.own, asio::buffer("answer", 6)));
        BOOST_TEST(c.receive(6) == "answer");
    });
}

BOOST_AUTO_TEST_CASE(shut_down_on_this_side_a_waiting_reader_is_at_the_end) {
    corun::run([] {
        known_connection c;
        auto reader = corun::spawn([&] {
            error_code ec;
            c.read_to_end(100, ec);
            return ec;
        });
        corun::yield();
        c.own.shutdown(asio::socket_base::shutdown_receive);
        BOOST_TEST((corun::yield(reader.join()) == asio::error::eof));
    });
}

// A read stops at the urgent byte, short of data that lies behind it, and no edge will tell of that again.
BOOST_AUTO_TEST_CASE(urgent_data_among_the_other) {
    corun::run([] {
        known_connection c;
        c.send("before");
        BOOST_REQUIRE(::send(c.peer, "!", 1, MSG_OOB) == 1);
        c.send("after");
        std::string all, piece(100, '\0');
        while (all.size() < 11) {
            const std::size_t n = corun::yield(corun::read_some(c.own, asio::buffer(piece)));
            all.append(piece, 0, n);
        }
        BOOST_TEST(all == "beforeafter");
        auto reader = corun::spawn([&] { return corun::yield(corun::read_some(c.own, asio::buffer(piece))); });
        corun::yield();
        BOOST_TEST(!reader.done());
        c.send("more");
        BOOST_TEST(corun::yield(reader.join()) == 4U);
    });
}

BOOST_AUTO_TEST_CASE(exactly_as_much_as_was_asked_for) {
    corun::run([] {
        known_connection c;
        std::string piece(8, '\0');
        for (int round = 0; round != 3; ++round) {
            auto reader = corun::spawn([&] { return corun::yield(corun::read_some(c.own, asio::buffer(piece))); });
            corun::yield();
            c.send("12345678");
            BOOST_TEST(corun::yield(reader.join()) == 8U);
        }
    });
}

BOOST_AUTO_TEST_CASE(more_than_was_asked_for_is_there_for_the_next_read) {
    corun::run([] {
        known_connection c;
        c.send("1234567890");
        std::string piece(3, '\0'), all;
        while (all.size() != 10) all.append(piece, 0, corun::yield(corun::read_some(c.own, asio::buffer(piece))));
        BOOST_TEST(all == "1234567890");
    });
}

BOOST_AUTO_TEST_CASE(a_reset_ends_a_waiting_reader_and_a_waiting_writer) {
    corun::run([] {
        known_connection c;
        corun_test::fill(c.own.native_handle());
        error_code read, written;
        auto reader = corun::spawn([&] { c.read_to_end(100, read); });
        auto writer = corun::spawn([&] { corun::yield(corun::write(c.own, asio::buffer("w", 1)), written); });
        corun::yield();
        c.reset();
        corun::yield(reader.join());
        corun::yield(writer.join());
        // The first of the two to ask takes the socket's pending error; to the other it is merely closed.
        BOOST_TEST((read == asio::error::connection_reset || read == asio::error::eof), read.message());
        BOOST_TEST((written == asio::error::connection_reset || written == asio::error::broken_pipe), written.message());
        BOOST_TEST((read == asio::error::connection_reset || written == asio::error::connection_reset));
    });
}

BOOST_AUTO_TEST_CASE(a_reset_before_anybody_waits) {
    corun::run([] {
        known_connection c;
        c.reset();
        error_code ec;
        c.read_to_end(100, ec);
        BOOST_TEST((ec == asio::error::connection_reset), ec.message());
        corun::yield(corun::write(c.own, asio::buffer("w", 1)), ec);
        BOOST_TEST((ec == asio::error::broken_pipe), ec.message());
    });
}

BOOST_AUTO_TEST_CASE(a_write_longer_than_the_buffers_waits_for_room) {
    corun::run([] {
        connection c;
        std::string much(8 << 20, '\0');
        for (std::size_t i = 0; i != much.size(); ++i) much[i] = static_cast<char>(i * 7 >> 8);
        auto writer = corun::spawn([&] {
            const std::size_t n = corun::yield(corun::write(c.own, asio::buffer(much)));
            corun::close(c.own);
            return n;
        });
        std::string received;
        corun_test::tcp::socket peer{here(), corun_test::tcp::v4(), ::dup(c.peer)};
        std::string piece(100'000, '\0');
        for (error_code ec;;) {
            const std::size_t n = corun::yield(corun::read_some(peer, asio::buffer(piece)), ec);
            if (ec) break;
            received.append(piece, 0, n);
        }
        BOOST_TEST(corun::yield(writer.join()) == much.size());
        BOOST_TEST((received == much));
    });
}

BOOST_AUTO_TEST_CASE(one_gibibyte_on_a_small_stack_while_others_have_their_turns) {
#if defined(CORUN_SANITIZED)
    constexpr std::size_t repeats = 64;
#else
    constexpr std::size_t repeats = 1024;
#endif
    corun::run([=] {
        asio::local::stream_protocol::socket a{here()}, b{here()};
        int ends[2];
        BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        a.assign({}, ends[0]);
        b.assign({}, ends[1]);
        const std::string block(1 << 20, 'x');
        const std::vector<asio::const_buffer> gibibyte(repeats, asio::buffer(block));
        auto writer = corun::spawn({.stack_size = 64 * 1024}, [&] {
            const std::size_t n = corun::yield(corun::write(a, gibibyte));
            corun::close(a);
            return n;
        });
        std::size_t turns = 0, read = 0;
        auto other = corun::spawn([&] {
            for (; !writer.done(); corun::yield()) ++turns;
        });
        std::string piece(1 << 18, '\0');
        for (error_code ec; !ec;) read += corun::yield(corun::read_some(b, asio::buffer(piece)), ec);
        BOOST_TEST(corun::yield(writer.join()) == repeats * block.size());
        BOOST_TEST(read == repeats * block.size());
        BOOST_TEST(turns > 100U);
        corun::yield(other.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
