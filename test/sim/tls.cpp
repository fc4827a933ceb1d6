// TLS by asio::ssl over the simulated network.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
namespace sim = corun::sim;
using namespace std::chrono_literals;

namespace {

// Without a certificate: what is tested is the transport.
ssl::context anonymous(ssl::context::method method) {
    ssl::context context{method};
    ::SSL_CTX_set_cipher_list(context.native_handle(), "aNULL:@SECLEVEL=0");
    ::SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_2_VERSION);
    ::SSL_CTX_set_dh_auto(context.native_handle(), 1);
    return context;
}

std::string read(ssl::stream<sim::stream>& from, std::size_t size) {
    std::string text(size, '\0');
    asio::async_read(from, asio::buffer(text), corun::yield);
    return text;
}

void conversation() {
    sim::network net{{.latency = 10ms, .jitter = 10ms}};
    sim::acceptor acceptor{net, {"server", 443}};
    const std::string question(50'000, '?'), answer(70'000, '!');
    auto session = corun::spawn({.stack_size = 256 * 1024}, [&] {
        ssl::context context = anonymous(ssl::context::tls_server);
        ssl::stream<sim::stream> peer{corun::yield(acceptor.async_accept()), context};
        peer.async_handshake(ssl::stream_base::server, corun::yield);
        sim::require(read(peer, question.size()) == question);
        asio::async_write(peer, asio::buffer(answer), corun::yield);
        boost::system::error_code ec;
        char c;
        peer.async_read_some(asio::buffer(&c, 1), corun::yield[ec]);
        sim::require(ec == asio::error::eof || ec == ssl::error::stream_truncated, ec.message());
    });
    ssl::context context = anonymous(ssl::context::tls_client);
    ssl::stream<sim::stream> s{sim::stream{net}, context};
    corun::yield(s.next_layer().async_connect({"server", 443}));
    s.async_handshake(ssl::stream_base::client, corun::yield);
    // Both directions at once, from two fibers.
    auto reading = corun::spawn({.stack_size = 256 * 1024}, [&] { sim::require(read(s, answer.size()) == answer); });
    asio::async_write(s, asio::buffer(question), corun::yield);
    corun::yield(reading.join());
    s.next_layer().close();
    corun::yield(session.join());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tls_simulated)  // OpenSSL keeps what it allocates

BOOST_AUTO_TEST_CASE(handshake_and_data_in_both_directions) {
    BOOST_TEST(sim::check({.seeds = 5, .repeat = false, .run = {.stack_size = 256 * 1024}}, conversation).passed());
}

BOOST_AUTO_TEST_SUITE_END()
