// tls_echo with asio::spawn.
#include "../support/tls_echo.hpp"
#include "asio_spawn.hpp"

#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;
using tls_stream = asio::ssl::stream<perf::tcp_socket>;

void serve(tls_stream& peer, perf::echo& work, perf::yield_context yield) {
    boost::system::error_code ec;
    peer.async_handshake(tls_stream::server, yield[ec]);
    perf::echo::buffer data;
    while (!ec) {
        const std::size_t n = peer.async_read_some(asio::buffer(data), yield[ec]);
        if (ec) return;
        asio::async_write(peer, asio::buffer(data, n), yield[ec]);
        work.answer_sent();
    }
}

template <class Acceptor>
void run(asio::io_context& io, Acceptor& acceptor, asio::ssl::context& context, perf::echo& work) {
    perf::spawn(io, perf::recycled_stacks(), [&](perf::yield_context yield) {
        for (std::size_t i = 0; i != work.connections; ++i)
            perf::spawn(io, perf::recycled_stacks(),
                        [&work, peer = tls_stream{acceptor.async_accept(yield), context}](perf::yield_context own) mutable {
                            serve(peer, work, own);
                        });
    });
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::tls_echo_main(argc, argv, "asio_spawn", [](auto&... with) { run(with...); });
}
