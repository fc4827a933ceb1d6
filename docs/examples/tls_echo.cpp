// Sends back what it receives over TLS, with asio::ssl.
//   tls_echo PORT CERTIFICATE-FILE KEY-FILE
#include "listening.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include <array>
#include <exception>
#include <iostream>

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using namespace std::chrono_literals;

void session(tcp::socket peer, ssl::context& own) try {
    ssl::stream<tcp::socket> stream{std::move(peer), own};
    corun::yield(corun::with_timeout(10s, stream.async_handshake(ssl::stream_base::server, asio::deferred)));
    std::array<char, 16 * 1024> data;
    boost::system::error_code ec;
    for (;;) {
        const std::size_t n = corun::yield(stream.async_read_some(asio::buffer(data), asio::deferred), ec);
        if (ec) break;
        corun::yield(asio::async_write(stream, asio::buffer(data, n), asio::deferred));
    }
    if (ec == asio::error::eof) corun::yield(corun::with_timeout(1s, stream.async_shutdown(asio::deferred)), ec);
} catch (const boost::system::system_error& error) {
    std::clog << "tls_echo: " << error.code().message() << '\n';
}

int main(int argc, char** argv) try {
    if (argc != 4) {
        std::cerr << "usage: tls_echo PORT CERTIFICATE-FILE KEY-FILE\n";
        return 2;
    }
    asio::io_context io{1};
    tcp::acceptor acceptor = listen_on_loopback(io, number_of(argv[1], "tls_echo PORT CERTIFICATE-FILE KEY-FILE"));
    ssl::context own{ssl::context::tls_server};
    own.use_certificate_chain_file(argv[2]);
    own.use_private_key_file(argv[3], ssl::context::pem);
    std::cout << "listening at " << acceptor.local_endpoint() << std::endl;
    const auto serving = corun::spawn(io, {.name = "serve"}, [&] {
        corun::yield(corun::with_group({.failure = corun::isolate}, [&](corun::group& sessions) {
            for (;;)
                sessions.spawn([&own, peer = corun::yield(acceptor.async_accept(asio::deferred))]() mutable {
                    session(std::move(peer), own);
                });
        }));
    });
    corun::spawn(io, {.name = "signals"}, [&] {
        asio::signal_set signals{io, SIGINT, SIGTERM};
        corun::yield(signals.async_wait(asio::deferred));
        serving.cancel();
    });
    io.run();
} catch (const std::exception& error) {
    std::cerr << "tls_echo: " << error.what() << '\n';
    return 1;
}
