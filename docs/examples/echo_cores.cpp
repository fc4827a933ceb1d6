// Sends back what it receives, on all cores: a thread, a context, a scheduler and an acceptor for each.
//   echo_cores [PORT [THREADS]], until SIGINT or SIGTERM; connections then have a second to end
#include <corun.hpp>

#include <boost/asio.hpp>

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>

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
    const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 7000);
    corun::runtime cores{{.threads = static_cast<std::size_t>(argc > 2 ? std::atoi(argv[2]) : 0)}};
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
