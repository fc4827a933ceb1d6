// HTTP with C++20 coroutines and Beast's composed operations.
#include "../support/http_server.hpp"
#include "awaitable.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace {

namespace asio = boost::asio;

perf::awaitable<void> serve(perf::tcp_socket peer) {
    perf::http_session session;
    boost::system::error_code ec;
    do {
        session.begin_request();
        co_await perf::http::async_read(peer, session.buffer, *session.parser, asio::redirect_error(perf::use_awaitable, ec));
        if (!ec) co_await perf::http::async_write(peer, session.make_answer(), asio::redirect_error(perf::use_awaitable, ec));
    } while (!ec && session.answer.keep_alive());
}

template <class Acceptor>
perf::awaitable<void> accept(asio::io_context& io, Acceptor& acceptor) {
    for (;;) perf::start(io, serve(co_await acceptor.async_accept(perf::use_awaitable)));
}

}  // namespace

int main(int argc, char** argv) {
    return perf::http_server_main(argc, argv, [](auto& io, auto& acceptor) {
        perf::start(io, accept(io, acceptor));
        io.run();
    });
}
