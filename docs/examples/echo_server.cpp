// Sends back what it receives: one fiber per connection, on a plain Asio io_context.
//   echo_server [PORT]
#include <corun.hpp>

#include <boost/asio.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <iostream>

namespace asio = boost::asio;
using asio::ip::tcp;

void session(tcp::socket peer) {
    std::array<char, 4096> data;
    boost::system::error_code ec;
    while (!ec) {
        const std::size_t n = corun::yield(peer.async_read_some(asio::buffer(data), asio::deferred), ec);
        if (!ec) corun::yield(asio::async_write(peer, asio::buffer(data, n), asio::deferred), ec);
    }
}

int main(int argc, char** argv) try {
    std::uint16_t port = 7000;
    if (const char* end = argc > 1 ? argv[1] + std::strlen(argv[1]) : nullptr;
        argc > 2 || (end != nullptr && std::from_chars(argv[1], end, port).ptr != end)) {
        std::cerr << "usage: echo_server [PORT]\n";
        return 2;
    }
    asio::io_context io;
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), port}};
    std::cout << "listening at " << acceptor.local_endpoint() << std::endl;
    const auto accepting = corun::spawn(io, [&] {
        for (;;)
            corun::spawn([peer = corun::yield(acceptor.async_accept(asio::deferred))]() mutable { session(std::move(peer)); });
    });
    io.run();
    accepting.get();  // throws what ended it
} catch (const boost::system::system_error& error) {
    std::cerr << "echo_server: " << error.code().message() << '\n';
    return 1;
}
