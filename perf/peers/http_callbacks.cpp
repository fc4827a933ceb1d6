// HTTP with Asio's callbacks on Beast's parser, fed by hand: no composed operation around it.
#include "../support/http_server.hpp"
#include "asio.hpp"

#include <boost/asio/write.hpp>

#include <memory>

namespace {

namespace asio = boost::asio;

struct session : std::enable_shared_from_this<session> {
    using text_type = perf::http::response_serializer<perf::http::string_body>;

    explicit session(perf::tcp_socket accepted) : peer{std::move(accepted)} {}

    void next_request() {
        own.begin_request();
        if (own.buffer.size() != 0 && !own.received(0)) return;  // the next one came with the last
        own.parser->is_done() ? write() : read();
    }
    void read() {
        peer.async_read_some(own.space(), [self = shared_from_this()](boost::system::error_code ec, std::size_t n) {
            if (ec || !self->own.received(n)) return;
            self->own.parser->is_done() ? self->write() : self->read();
        });
    }
    void write() {
        text.emplace(own.make_answer());
        boost::system::error_code ec;
        text->next(ec, [this](boost::system::error_code&, const auto& buffers) {
            asio::async_write(peer, buffers, [self = shared_from_this()](boost::system::error_code failed, std::size_t n) {
                if (failed || !self->own.answer.keep_alive()) return;
                self->text->consume(n);
                self->next_request();
            });
        });
    }

    perf::tcp_socket peer;
    perf::http_session own;
    std::optional<text_type> text;
};

template <class Acceptor>
void accept(Acceptor& acceptor) {
    acceptor.async_accept([&](boost::system::error_code ec, perf::tcp_socket peer) {
        if (!ec) std::make_shared<session>(std::move(peer))->next_request();
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
