// Datagrams.
#include <corun/socket.hpp>

#include <corun/run.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/ip/udp.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace asio = boost::asio;
using udp = asio::ip::udp;

namespace {

udp::socket bound() { return udp::socket{corun_test::here(), {asio::ip::address_v4::loopback(), 0}}; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(socket_datagrams, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(datagrams_come_and_go_with_their_peers) {
    corun::run([] {
        udp::socket one = bound(), two = bound();
        udp::endpoint from;
        std::string text(100, '\0');
        auto receiver = corun::spawn([&] { return corun::yield(corun::recv_from(one, asio::buffer(text), from)); });
        corun::yield();
        BOOST_TEST(corun::yield(corun::send_to(two, asio::buffer("datagram", 8), one.local_endpoint())) == 8U);
        BOOST_TEST(corun::yield(receiver.join()) == 8U);
        BOOST_TEST(text.substr(0, 8) == "datagram");
        BOOST_TEST((from == two.local_endpoint()));
    });
}

BOOST_AUTO_TEST_CASE(datagrams_of_one_edge_are_all_received_and_empty_ones_are_no_end) {
    corun::run([] {
        udp::socket one = bound(), two = bound();
        udp::endpoint from;
        std::string text(100, '\0');
        for (int round = 0; round != 2; ++round) {
            auto receiver = corun::spawn([&] {
                std::size_t bytes = 0;
                for (int i = 0; i != 5; ++i) bytes += corun::yield(corun::recv_from(one, asio::buffer(text), from));
                return bytes;
            });
            corun::yield();
            for (const std::size_t size : {3U, 0U, 100U, 1U, 0U})
                corun::yield(corun::send_to(two, asio::buffer(std::string(size, 'd')), one.local_endpoint()));
            BOOST_TEST(corun::yield(receiver.join()) == 104U);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_datagram_longer_than_the_buffers_is_cut) {
    corun::run([] {
        udp::socket one = bound(), two = bound();
        udp::endpoint from;
        std::string first(2, '\0'), second(3, '\0');
        corun::yield(corun::send_to(two, asio::buffer("1234567", 7), one.local_endpoint()));
        corun::yield(corun::send_to(two, asio::buffer("next", 4), one.local_endpoint()));
        const std::array<asio::mutable_buffer, 2> parts{asio::buffer(first), asio::buffer(second)};
        BOOST_TEST(corun::yield(corun::recv_from(one, parts, from)) == 5U);
        BOOST_TEST(first + second == "12345");
        BOOST_TEST(corun::yield(corun::recv_from(one, parts, from)) == 4U);
    });
}

BOOST_AUTO_TEST_CASE(a_datagram_of_many_pieces_is_sent_and_received_whole) {
    corun::run([] {
        udp::socket a = bound(), b = bound();
        constexpr std::size_t pieces = 40;
        const std::vector<asio::const_buffer> out(pieces, asio::buffer("ab", 2));
        std::array<char, 2 * pieces> received{};
        std::vector<asio::mutable_buffer> in;
        for (std::size_t i = 0; i != pieces; ++i) in.emplace_back(&received[2 * i], 2);
        udp::endpoint from;
        BOOST_TEST(corun::yield(corun::send_to(a, out, b.local_endpoint())) == received.size());
        BOOST_TEST(corun::yield(corun::recv_from(b, in, from)) == received.size());
        BOOST_TEST(received.back() == 'b');
    });
}

BOOST_AUTO_TEST_SUITE_END()
