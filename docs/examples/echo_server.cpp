// Sends back what it receives: one fiber per connection, on a plain Asio io_context.
//   echo_server [PORT]
#include <corun.hpp>

#include <boost/asio.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string_view>
#include <system_error>
#include <utility>

namespace asio = boost::asio;
using asio::ip::tcp;

void session(tcp::socket peer) {
    std::array<char, 4096> data;
    boost::system::error_code ec;
    while (!ec) {
        const std::size_t n = corun::yield(corun::read_some(peer, asio::buffer(data)), ec);
        if (!ec) corun::yield(corun::write(peer, asio::buffer(data, n)), ec);
    }
}

int main(int argc, char** argv) try {
    std::uint16_t port = 0;
    const std::string_view given = argc > 1 ? argv[1] : "7000";
    const auto [end, problem] = std::from_chars(given.data(), given.data() + given.size(), port);
    if (argc > 2 || problem != std::errc{} || end != given.data() + given.size()) {
        std::cerr << "usage: echo_server [PORT]\n";
        return 2;
    }
    asio::io_context io;
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), port}};
    std::cout << "listening at " << acceptor.local_endpoint() << std::endl;
    const auto accept = [&] {
        for (;;) {
            tcp::socket peer = corun::yield(corun::accept(acceptor));
            corun::spawn([peer = std::move(peer)]() mutable { session(std::move(peer)); });
        }
    };
    const auto accept_failed = [](std::exception_ptr error) { std::rethrow_exception(error); };  // it leaves io.run()
    corun::spawn(io, {.name = "accept"}, accept, accept_failed);
    io.run();
} catch (const boost::system::system_error& error) {
    std::cerr << "echo_server: " << error.code().message() << '\n';
    return 1;
}
