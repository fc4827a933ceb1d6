// HTTP with corun's own operations on Beast's parser: a fiber for each connection.
#include "peers/asio.hpp"
#include "support/http_server.hpp"

#include <corun.hpp>

namespace {

namespace asio = boost::asio;

using stream = corun::stream<perf::tcp_socket>;

bool read_request(stream& peer, perf::http_session& session) {
    session.begin_request();
    if (session.buffer.size() != 0 && !session.received(0)) return false;  // the next one came with the last
    while (!session.parser->is_done()) {
        boost::system::error_code ec;
        const std::size_t n = corun::yield(corun::read_some(peer, session.space()), ec);
        if (ec || !session.received(n)) return false;
    }
    return true;
}

bool write_answer(stream& peer, perf::http_session::answer_type& answer) {
    perf::http::response_serializer<perf::http::string_body> text{answer};
    boost::system::error_code ec;
    while (!ec && !text.is_done())
        text.next(ec, [&](boost::system::error_code& failed, const auto& buffers) {
            text.consume(corun::yield(corun::write(peer, buffers), failed));
        });
    return !ec && answer.keep_alive();
}

void serve(stream& peer) {
    perf::http_session session;
    while (read_request(peer, session) && write_answer(peer, session.make_answer())) {
    }
}

template <class Acceptor>
void run(asio::io_context& io, Acceptor& acceptor) {
    corun::spawn(
        io,
        [&] {
            for (;;) corun::spawn([peer = corun::yield(corun::accept_stream(acceptor))]() mutable { serve(peer); });
        },
        asio::detached);
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::http_server_main(argc, argv, [](auto& io, auto& acceptor) { run(io, acceptor); });
}
