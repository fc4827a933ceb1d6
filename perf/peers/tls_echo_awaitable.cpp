// tls_echo with C++20 coroutines.
#include "../support/tls_echo.hpp"
#include "awaitable.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;
using tls_stream = asio::ssl::stream<perf::tcp_socket>;

perf::awaitable<void> serve(tls_stream peer, perf::echo& work) {
    boost::system::error_code ec;
    co_await peer.async_handshake(tls_stream::server, asio::redirect_error(perf::use_awaitable, ec));
    perf::echo::buffer data;
    while (!ec) {
        const std::size_t n = co_await peer.async_read_some(asio::buffer(data), asio::redirect_error(perf::use_awaitable, ec));
        if (ec) co_return;
        co_await asio::async_write(peer, asio::buffer(data, n), asio::redirect_error(perf::use_awaitable, ec));
        work.answer_sent();
    }
}

template <class Acceptor>
perf::awaitable<void> run(asio::io_context& io, Acceptor& acceptor, asio::ssl::context& context, perf::echo& work) {
    for (std::size_t i = 0; i != work.connections; ++i)
        perf::start(io, serve(tls_stream{co_await acceptor.async_accept(perf::use_awaitable), context}, work));
}

}  // namespace

int main(int argc, char** argv) {
    return perf::tls_echo_main(argc, argv, "awaitable", [](auto& io, auto& acceptor, auto& context, auto& work) {
        perf::start(io, run(io, acceptor, context, work));
        io.run();
    });
}
