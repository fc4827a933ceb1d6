// TLS by asio::ssl over streams.
#include <corun/stream.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using secured = ssl::stream<corun::stream<tcp::socket>>;

namespace {

// Without a certificate: what is tested is the transport.
ssl::context anonymous(ssl::context::method method) {
    ssl::context context{method};
    ::SSL_CTX_set_cipher_list(context.native_handle(), "aNULL:@SECLEVEL=0");
    ::SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_2_VERSION);
    ::SSL_CTX_set_dh_auto(context.native_handle(), 1);
    return context;
}

constexpr corun::spawn_options roomy{.name = {}, .stack_size = 256 * 1024};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stream_tls, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_conversation_in_both_directions_at_once) {
    const std::string question(500'000, '?'), answer(700'000, '!');
    corun::run([&] {
        tcp::acceptor acceptor = corun_test::listen_here();
        auto session = corun::spawn(roomy, [&] {
            ssl::context context = anonymous(ssl::context::tls_server);
            secured peer{corun::yield(corun::accept(acceptor)), context};
            corun::yield(peer.async_handshake(ssl::stream_base::server, asio::deferred));
            auto writing =
                corun::spawn(roomy, [&] { corun::yield(asio::async_write(peer, asio::buffer(answer), asio::deferred)); });
            std::string got(question.size(), '\0');
            corun::yield(asio::async_read(peer, asio::buffer(got), asio::deferred));
            BOOST_TEST((got == question));
            corun::yield(writing.join());
            error_code ec;
            char c;
            corun::yield(peer.async_read_some(asio::buffer(&c, 1), asio::deferred), ec);
            BOOST_TEST((ec == asio::error::eof || ec == ssl::error::stream_truncated), ec.message());
        });
        auto client = corun::spawn(roomy, [&] {
            ssl::context context = anonymous(ssl::context::tls_client);
            secured own{tcp::socket{corun_test::here()}, context};
            corun::yield(own.next_layer().socket().async_connect(acceptor.local_endpoint(), asio::deferred));
            corun::yield(own.async_handshake(ssl::stream_base::client, asio::deferred));
            std::string got(answer.size(), '\0');
            auto reading = corun::spawn(roomy, [&] { corun::yield(asio::async_read(own, asio::buffer(got), asio::deferred)); });
            corun::yield(asio::async_write(own, asio::buffer(question), asio::deferred));
            corun::yield(reading.join());
            BOOST_TEST((got == answer));
            own.next_layer().close();
        });
        corun::yield(client.join());
        corun::yield(session.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
