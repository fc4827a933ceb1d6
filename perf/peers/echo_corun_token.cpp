// Echoes with corun as a completion token of Asio's own operations: what a program changes that has its server in callbacks now.
#include "../support/echo.hpp"
#include "asio.hpp"

#include <corun.hpp>

#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;

void serve(perf::tcp_socket& peer, perf::echo& work) {
    perf::echo::buffer data;
    boost::system::error_code ec;
    for (;;) {
        const std::size_t n = corun::yield(peer.async_read_some(asio::buffer(data), asio::deferred), ec);
        if (ec) return;
        corun::yield(asio::async_write(peer, asio::buffer(data, n), asio::deferred));
        work.answer_sent();
    }
}

template <class Acceptor>
void run(asio::io_context& io, Acceptor& acceptor, perf::echo& work) {
    corun::spawn(
        io,
        [&] {
            for (std::size_t i = 0; i != work.connections; ++i)
                corun::spawn([&work, peer = corun::yield(acceptor.async_accept(asio::deferred))]() mutable { serve(peer, work); });
        },
        asio::detached);
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::echo_main(argc, argv, "corun_token", [](auto& io, auto& acceptor, auto& work) { run(io, acceptor, work); });
}
