// echo with C++20 coroutines.
#include "../support/echo.hpp"
#include "awaitable.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;

perf::awaitable<void> serve(perf::tcp_socket peer, perf::echo& work) {
    perf::echo::buffer data;
    boost::system::error_code ec;
    for (;;) {
        const std::size_t n = co_await peer.async_read_some(asio::buffer(data), asio::redirect_error(perf::use_awaitable, ec));
        if (ec) co_return;
        co_await asio::async_write(peer, asio::buffer(data, n), perf::use_awaitable);
        work.answer_sent();
    }
}

template <class Acceptor>
perf::awaitable<void> accept(asio::io_context& io, Acceptor& acceptor, perf::echo& work) {
    for (std::size_t i = 0; i != work.connections; ++i)
        perf::start(io, serve(co_await acceptor.async_accept(perf::use_awaitable), work));
}

}  // namespace

int main(int argc, char** argv) {
    return perf::echo_main(argc, argv, "awaitable", [](auto& io, auto& acceptor, auto& work) {
        perf::start(io, accept(io, acceptor, work));
        io.run();
    });
}
