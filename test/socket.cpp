#include <corun/socket.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <vector>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::connection;
using corun_test::here;
using corun_test::read_text;
using tcp = asio::ip::tcp;

namespace {

using reading = decltype(corun::read_some(std::declval<tcp::socket&>(), asio::mutable_buffer{}));
using accepting = decltype(corun::accept(std::declval<tcp::acceptor&>()));
using connecting = decltype(corun::connect(std::declval<tcp::socket&>(), tcp::endpoint{}));
static_assert(corun::operation<reading> && corun::operation<accepting> && corun::operation<connecting>);

}  // namespace

BOOST_FIXTURE_TEST_SUITE(socket_operations, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(reads_what_is_there_and_waits_for_what_is_not) {
    corun::run([] {
        connection c;
        c.send("there");
        BOOST_TEST(read_text(c.own) == "there");
        bool sent = false;
        auto sender = corun::spawn([&] {
            sent = true;
            c.send("later");
        });
        BOOST_TEST(read_text(c.own) == "later");
        BOOST_TEST(sent);
        corun::yield(sender.join());
    });
}

BOOST_AUTO_TEST_CASE(what_is_there_is_read_without_a_switch) {
    bool others = false;
    corun::run([&] {
        connection c;
        corun::spawn([&] { others = true; });
        c.send("at once");
        BOOST_TEST(read_text(c.own) == "at once");
        corun::yield(corun::write(c.own, asio::buffer("yes", 3)));
        BOOST_TEST(!others);
        BOOST_TEST(c.receive(3) == "yes");
    });
}

BOOST_AUTO_TEST_CASE(does_nothing_until_it_is_yielded_on) {
    corun::run([] {
        connection c;
        tcp::socket unopened{here()};
        c.send("x");
        std::string text(1, '\0');
        {
            [[maybe_unused]] auto unused = corun::read_some(c.own, asio::buffer(text));
            [[maybe_unused]] auto unsent = corun::write(c.own, asio::buffer("w", 1));
            [[maybe_unused]] auto unconnected = corun::connect(unopened, c.own.remote_endpoint());
        }
        BOOST_TEST(!unopened.is_open());
        BOOST_TEST(c.own.available() == 1U);
        corun::yield(corun::write(c.own, asio::buffer("v", 1)));
        BOOST_TEST(c.receive(1) == "v");
    });
}

BOOST_AUTO_TEST_CASE(ready_takes_nothing) {
    corun::run([] {
        connection c;
        std::string text(10, '\0');
        auto op = corun::read_some(c.own, asio::buffer(text));
        BOOST_TEST(!op.ready());
        c.send("kept");
        BOOST_TEST(op.ready());
        BOOST_TEST(op.ready());
        BOOST_TEST(c.own.available() == 4U);
        BOOST_TEST(op.get() == 4U);  // as `select` does it: chosen by ready, without a start
    });
}

BOOST_AUTO_TEST_CASE(read_fills_the_buffers_one_byte_at_a_time) {
    corun::run([] {
        connection c;
        std::string first(7, '\0'), empty, second(13, '\0');
        const std::array<asio::mutable_buffer, 3> parts{asio::buffer(first), asio::buffer(empty), asio::buffer(second)};
        auto reader = corun::spawn([&] { return corun::yield(corun::read(c.own, parts)); });
        for (char letter = 'a'; letter != 'a' + 20; ++letter) {
            BOOST_TEST(!reader.done());
            c.send({&letter, 1});
            corun::yield(corun::sleep_for(std::chrono::microseconds{100}));
        }
        BOOST_TEST(corun::yield(reader.join()) == 20U);
        BOOST_TEST(first + second == "abcdefghijklmnopqrst");
    });
}

BOOST_AUTO_TEST_CASE(read_at_the_end_says_how_much_came_before) {
    corun::run([] {
        connection c;
        c.send("abc");
        c.peer.close();
        std::string text(10, '\0');
        error_code ec;
        BOOST_TEST(corun::yield(corun::read(c.own, asio::buffer(text)), ec) == 3U);
        BOOST_TEST((ec == asio::error::eof));
        BOOST_CHECK_EXCEPTION(corun::yield(corun::read_some(c.own, asio::buffer(text))), boost::system::system_error,
                              [](const auto& e) { return e.code() == asio::error::eof; });
    });
}

BOOST_AUTO_TEST_CASE(ec_is_cleared_on_success) {
    corun::run([] {
        connection c;
        c.send("a");
        error_code ec = asio::error::eof;
        std::string text(1, '\0');
        BOOST_TEST(corun::yield(corun::read_some(c.own, asio::buffer(text)), ec) == 1U);
        BOOST_TEST(!ec);
    });
}

BOOST_AUTO_TEST_CASE(buffers_without_room_are_done_at_once) {
    corun::run([] {
        connection c;
        BOOST_TEST(corun::yield(corun::read_some(c.own, asio::mutable_buffer{})) == 0U);
        BOOST_TEST(corun::yield(corun::read(c.own, std::vector<asio::mutable_buffer>{})) == 0U);
        BOOST_TEST(corun::yield(corun::write(c.own, asio::const_buffer{})) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(more_pieces_than_one_call_takes) {
    corun::run([] {
        connection c;
        const std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789";
        std::vector<asio::const_buffer> pieces;
        for (const char& letter : letters) pieces.emplace_back(&letter, 1);
        BOOST_TEST(corun::yield(corun::write(c.own, pieces)) == letters.size());
        BOOST_TEST(c.receive(letters.size()) == letters);
        BOOST_TEST(corun::yield(corun::write_some(c.own, pieces)) >= 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_request_allocates_nothing) {
    corun::run([] {
        connection c;
        std::array<char, 100> data{};
        auto server = corun::spawn([&] {
            for (error_code ec;;) {
                const std::size_t n = corun::yield(corun::read_some(c.own, asio::buffer(data)), ec);
                if (ec) return;
                corun::yield(corun::write(c.own, asio::buffer(data, n)));
            }
        });
        tcp::socket client{here(), tcp::v4(), ::dup(c.peer)};
        c.peer.close();
        const auto request = [&] {
            std::array<char, 50> text{};
            corun::yield(corun::write(client, asio::buffer(text)));
            corun::yield(corun::read(client, asio::buffer(text)));
        };
        for (int i = 0; i != 10; ++i) request();
        const std::size_t before = corun_test::allocations_made();
        for (int i = 0; i != 100; ++i) request();
        BOOST_TEST(corun_test::allocations_made() == before);
        corun::close(client);
        corun::yield(server.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
