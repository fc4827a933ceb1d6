// HTTP with asio::spawn and Beast's composed operations.
#include "../support/http_server.hpp"
#include "asio_spawn.hpp"

#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace {

namespace asio = boost::asio;

void serve(perf::tcp_socket& peer, perf::yield_context yield) {
    perf::http_session session;
    boost::system::error_code ec;
    do {
        session.begin_request();
        perf::http::async_read(peer, session.buffer, *session.parser, yield[ec]);
        if (!ec) perf::http::async_write(peer, session.make_answer(), yield[ec]);
    } while (!ec && session.answer.keep_alive());
}

template <class Acceptor>
void run(asio::io_context& io, Acceptor& acceptor) {
    perf::spawn(io, perf::recycled_stacks(), [&](perf::yield_context yield) {
        for (;;)
            perf::spawn(io, perf::recycled_stacks(),
                        [peer = acceptor.async_accept(yield)](perf::yield_context own) mutable { serve(peer, own); });
    });
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::http_server_main(argc, argv, [](auto& io, auto& acceptor) { run(io, acceptor); });
}
