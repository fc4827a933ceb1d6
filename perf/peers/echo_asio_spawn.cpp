// echo with asio::spawn.
#include "../support/echo.hpp"
#include "asio_spawn.hpp"

#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;

void serve(perf::tcp_socket& peer, perf::echo& work, perf::yield_context yield) {
    perf::echo::buffer data;
    boost::system::error_code ec;
    for (;;) {
        const std::size_t n = peer.async_read_some(asio::buffer(data), yield[ec]);
        if (ec) return;
        asio::async_write(peer, asio::buffer(data, n), yield);
        work.answer_sent();
    }
}

template <class Acceptor>
void run(asio::io_context& io, Acceptor& acceptor, perf::echo& work) {
    perf::spawn(io, perf::recycled_stacks(), [&](perf::yield_context yield) {
        for (std::size_t i = 0; i != work.connections; ++i) {
            perf::tcp_socket peer = acceptor.async_accept(yield);
            perf::spawn(io, perf::recycled_stacks(),
                        [&work, peer = std::move(peer)](perf::yield_context own) mutable { serve(peer, work, own); });
        }
    });
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::echo_main(argc, argv, "asio_spawn", [](auto& io, auto& acceptor, auto& work) { run(io, acceptor, work); });
}
