// tls_echo with Asio's callbacks.
#include "../support/tls_echo.hpp"
#include "asio.hpp"

#include <boost/asio/write.hpp>

#include <memory>

namespace {

namespace asio = boost::asio;
using tls_stream = asio::ssl::stream<perf::tcp_socket>;

struct session : std::enable_shared_from_this<session> {
    session(perf::tcp_socket accepted, asio::ssl::context& context, perf::echo& w) : peer{std::move(accepted), context}, work{w} {}

    void handshake() {
        peer.async_handshake(tls_stream::server, [self = shared_from_this()](boost::system::error_code ec) {
            if (!ec) self->read();
        });
    }
    void read() {
        peer.async_read_some(asio::buffer(data), [self = shared_from_this()](boost::system::error_code ec, std::size_t n) {
            if (!ec) self->write(n);
        });
    }
    void write(std::size_t n) {
        asio::async_write(peer, asio::buffer(data, n), [self = shared_from_this()](boost::system::error_code ec, std::size_t) {
            if (ec) return;
            self->work.answer_sent();
            self->read();
        });
    }

    tls_stream peer;
    perf::echo& work;
    perf::echo::buffer data;
};

template <class Acceptor>
void accept(Acceptor& acceptor, asio::ssl::context& context, perf::echo& work, std::size_t left) {
    if (left == 0) return;
    acceptor.async_accept([&, left](boost::system::error_code ec, perf::tcp_socket peer) {
        if (ec) return;
        std::make_shared<session>(std::move(peer), context, work)->handshake();
        accept(acceptor, context, work, left - 1);
    });
}

}  // namespace

int main(int argc, char** argv) {
    return perf::tls_echo_main(argc, argv, "callbacks", [](auto& io, auto& acceptor, auto& context, auto& work) {
        accept(acceptor, context, work, work.connections);
        io.run();
    });
}
