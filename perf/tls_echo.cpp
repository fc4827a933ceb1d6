// Echoes over TLS: a fiber for each connection, on asio::ssl's stream around corun's.
#include "support/tls_echo.hpp"
#include "peers/asio.hpp"

#include <corun.hpp>
#include <corun/stream.hpp>

namespace {

namespace asio = boost::asio;
using tls_stream = asio::ssl::stream<corun::stream<perf::tcp_socket>>;

void serve(tls_stream& peer, perf::echo& work) {
    boost::system::error_code ec;
    corun::yield(peer.async_handshake(tls_stream::server, asio::deferred), ec);
    perf::echo::buffer data;
    while (!ec) {
        const std::size_t n = corun::yield(peer.async_read_some(asio::buffer(data), asio::deferred), ec);
        if (ec) return;
        corun::yield(asio::async_write(peer, asio::buffer(data, n), asio::deferred), ec);
        work.answer_sent();
    }
}

template <class Acceptor>
void run(asio::io_context& io, Acceptor& acceptor, asio::ssl::context& context, perf::echo& work) {
    corun::spawn(
        io,
        [&] {
            for (std::size_t i = 0; i != work.connections; ++i)
                corun::spawn(
                    [&work, peer = tls_stream{corun::yield(corun::accept(acceptor)), context}]() mutable { serve(peer, work); });
        },
        asio::detached);
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::tls_echo_main(argc, argv, "corun", [](auto&... with) { run(with...); });
}
