// echo with Asio's callbacks.
#include "../support/echo.hpp"
#include "asio.hpp"

#include <boost/asio/write.hpp>

#include <memory>

namespace {

namespace asio = boost::asio;

struct session : std::enable_shared_from_this<session> {
    session(perf::tcp_socket accepted, perf::echo& w) : peer{std::move(accepted)}, work{w} {}

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

    perf::tcp_socket peer;
    perf::echo& work;
    perf::echo::buffer data;
};

template <class Acceptor>
void accept(Acceptor& acceptor, perf::echo& work, std::size_t left) {
    if (left == 0) return;
    acceptor.async_accept([&, left](boost::system::error_code ec, perf::tcp_socket peer) {
        if (ec) return;
        std::make_shared<session>(std::move(peer), work)->read();
        accept(acceptor, work, left - 1);
    });
}

}  // namespace

int main(int argc, char** argv) {
    return perf::echo_main(argc, argv, "callbacks", [](auto& io, auto& acceptor, auto& work) {
        accept(acceptor, work, work.connections);
        io.run();
    });
}
