// Echoes with corun's own operations, a fiber for each connection.
#include "support/echo.hpp"
#include "peers/asio.hpp"

#include <corun.hpp>
#include <corun/stream.hpp>

namespace {

namespace asio = boost::asio;

using stream = corun::stream<perf::tcp_socket>;

void serve(stream& peer, perf::echo& work) {
    perf::echo::buffer data;
    boost::system::error_code ec;
    for (;;) {
        const std::size_t n = corun::yield(corun::read_some(peer, asio::buffer(data)), ec);
        if (ec) return;
        corun::yield(corun::write(peer, asio::buffer(data, n)));
        work.answer_sent();
    }
}

template <class Acceptor>
void run(asio::io_context& io, Acceptor& acceptor, perf::echo& work) {
    corun::spawn(
        io,
        [&] {
            for (std::size_t i = 0; i != work.connections; ++i)
                corun::spawn([&work, peer = corun::yield(corun::accept_stream(acceptor))]() mutable { serve(peer, work); });
        },
        asio::detached);
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::echo_main(argc, argv, "corun", [](auto& io, auto& acceptor, auto& work) { run(io, acceptor, work); });
}
