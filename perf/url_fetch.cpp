// Fetches with 100 fibers at a time, a connection for each request.
#include "support/url_fetch.hpp"
#include "peers/asio.hpp"

#include <corun.hpp>
#include <corun/stream.hpp>

#include <vector>

namespace {

namespace asio = boost::asio;

void fetch(asio::io_context& io, perf::url_fetch& work) {
    corun::stream<perf::tcp_socket> socket{io};
    corun::yield(corun::connect(socket, work.server));
    corun::yield(corun::write(socket, asio::buffer(work.request)));
    perf::http_answer answer;
    for (;;) {
        boost::system::error_code closed;
        const std::size_t n = corun::yield(corun::read_some(socket, answer.space()), closed);
        if (closed == asio::error::eof) break;
        if (closed) throw boost::system::system_error{closed};
        answer.received(n);
    }
    work.count(answer);
}

void run(perf::url_fetch& work) {
    asio::io_context io{perf::one_thread};
    for (std::size_t i = 0; i < work.concurrency; ++i)
        corun::spawn(
            io,
            [&] {
                work.guard([&] {
                    while (work.claim()) fetch(io, work);
                });
            },
            asio::detached);
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::url_fetch_main(argc, argv, "corun", run); }
