// HTTP with corun as a completion token of Beast's composed operations: what a program changes that has its server in callbacks
// now.
#include "../support/http_server.hpp"
#include "asio.hpp"

#include <corun.hpp>

#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace {

namespace asio = boost::asio;

void serve(perf::tcp_socket& peer) {
    perf::http_session session;
    boost::system::error_code ec;
    do {
        session.begin_request();
        perf::http::async_read(peer, session.buffer, *session.parser, corun::yield[ec]);
        if (!ec) perf::http::async_write(peer, session.make_answer(), corun::yield[ec]);
    } while (!ec && session.answer.keep_alive());
}

template <class Acceptor>
void run(asio::io_context& io, Acceptor& acceptor) {
    corun::spawn(
        io,
        [&] {
            for (;;) corun::spawn([peer = corun::yield(corun::accept(acceptor))]() mutable { serve(peer); });
        },
        asio::detached);
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::http_server_main(argc, argv, [](auto& io, auto& acceptor) { run(io, acceptor); });
}
