// Sends back what it receives, on all cores: a thread, a context, a scheduler and an acceptor for each.
//   echo_cores [PORT [THREADS]], until SIGINT or SIGTERM; connections then have a second to end
#include "listening.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>

#include <array>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

void session(corun::stream<tcp::socket> peer) {
    std::array<char, 4096> data;
    boost::system::error_code ec;
    while (!ec) {
        const std::size_t n = corun::yield(corun::read_some(peer, asio::buffer(data)), ec);
        if (!ec) corun::yield(corun::write(peer, asio::buffer(data, n)), ec);
    }
}

int main(int argc, char** argv) try {
    const std::string usage = "echo_cores [PORT [THREADS]]";
    const std::uint16_t port = number_of(argc > 1 ? argv[1] : "7000", usage), threads = number_of(argc > 2 ? argv[2] : "0", usage);
    corun::runtime cores{{.threads = threads}};
    const auto signals = std::make_shared<asio::signal_set>(cores.context_at(0), SIGINT, SIGTERM);  // before any client knows of us
    cores.spawn_on(0, {.name = "signals"}, [&cores, signals] {
        corun::yield(signals->async_wait(asio::deferred));
        cores.stop(1s);
    });
    std::cout << "listening at " << cores.serve({asio::ip::address_v4::loopback(), port}, session) << std::endl;
    cores.join();
} catch (const std::exception& error) {
    std::cerr << "echo_cores: " << error.what() << '\n';
    return 1;
}
