// url_fetch with asio::spawn.
#include "../support/url_fetch.hpp"
#include "asio_spawn.hpp"

#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;

void fetch(asio::io_context& io, perf::url_fetch& work, perf::yield_context yield) {
    perf::tcp_socket socket{io};
    socket.async_connect(work.server, yield);
    asio::async_write(socket, asio::buffer(work.request), yield);
    perf::http_answer answer;
    for (;;) {
        boost::system::error_code closed;
        const std::size_t n = socket.async_read_some(answer.space(), yield[closed]);
        if (closed == asio::error::eof) break;
        if (closed) throw boost::system::system_error{closed};
        answer.received(n);
    }
    work.count(answer);
}

void run(perf::url_fetch& work) {
    asio::io_context io{perf::one_thread};
    for (std::size_t i = 0; i < work.concurrency; ++i)
        perf::spawn(io, perf::recycled_stacks(), [&](perf::yield_context yield) {
            work.guard([&] {
                while (work.claim()) fetch(io, work, yield);
            });
        });
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::url_fetch_main(argc, argv, "asio_spawn", run); }
