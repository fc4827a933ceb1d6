// HTTP as Boost.Beast's own examples serve it: callbacks, its composed operations that read a request and write an answer.
#include "../support/http_server.hpp"
#include "asio.hpp"

#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <memory>

namespace {

struct session : std::enable_shared_from_this<session> {
    explicit session(perf::tcp_socket accepted) : peer{std::move(accepted)} {}

    void read() {
        own.begin_request();
        perf::http::async_read(peer, own.buffer, *own.parser,
                               [self = shared_from_this()](boost::system::error_code ec, std::size_t) {
                                   if (!ec) self->write();
                               });
    }
    void write() {
        perf::http::async_write(peer, own.make_answer(), [self = shared_from_this()](boost::system::error_code ec, std::size_t) {
            if (!ec && self->own.answer.keep_alive()) self->read();
        });
    }

    perf::tcp_socket peer;
    perf::http_session own;
};

template <class Acceptor>
void accept(Acceptor& acceptor) {
    acceptor.async_accept([&](boost::system::error_code ec, perf::tcp_socket peer) {
        if (!ec) std::make_shared<session>(std::move(peer))->read();
        accept(acceptor);
    });
}

}  // namespace

int main(int argc, char** argv) {
    return perf::http_server_main(argc, argv, [](auto& io, auto& acceptor) {
        accept(acceptor);
        io.run();
    });
}
