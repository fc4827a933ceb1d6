// Sends back WebSocket messages, with Boost.Beast.
//   websocket_echo [PORT]
#include "listening.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include <exception>
#include <iostream>

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using namespace std::chrono_literals;

void session(tcp::socket peer) try {
    websocket::stream<tcp::socket> stream{std::move(peer)};
    stream.read_message_max(1024 * 1024);
    corun::yield(corun::with_timeout(10s, stream.async_accept(asio::deferred)));  // a peer has so long to say what it wants
    boost::beast::flat_buffer message;
    for (;;) {
        corun::yield(stream.async_read(message, asio::deferred));
        stream.text(stream.got_text());
        corun::yield(stream.async_write(message.cdata(), asio::deferred));
        message.clear();
    }
} catch (const boost::system::system_error& error) {
    if (error.code() != websocket::error::closed) std::clog << "websocket_echo: " << error.code().message() << '\n';
}

int main(int argc, char** argv) try {
    asio::io_context io{1};
    tcp::acceptor acceptor = listen_on_loopback(io, number_of(argc > 1 ? argv[1] : "7002", "websocket_echo [PORT]"));
    std::cout << "listening at " << acceptor.local_endpoint() << std::endl;
    const auto serving = corun::spawn(io, {.name = "serve"}, [&] {
        corun::yield(corun::with_group({.failure = corun::isolate}, [&](corun::group& sessions) {
            for (;;) sessions.spawn(session, corun::yield(acceptor.async_accept(asio::deferred)));
        }));
    });
    corun::spawn(io, {.name = "signals"}, [&] {
        asio::signal_set signals{io, SIGINT, SIGTERM};
        corun::yield(signals.async_wait(asio::deferred));
        serving.cancel();
    });
    io.run();
} catch (const std::exception& error) {
    std::cerr << "websocket_echo: " << error.what() << '\n';
    return 1;
}
