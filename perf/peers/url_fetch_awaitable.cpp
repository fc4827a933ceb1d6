// url_fetch with Asio's C++20 coroutines.
#include "../support/url_fetch.hpp"
#include "awaitable.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;

perf::awaitable<void> fetch(asio::io_context& io, perf::url_fetch& work) {
    perf::tcp_socket socket{io};
    co_await socket.async_connect(work.server, perf::use_awaitable);
    co_await asio::async_write(socket, asio::buffer(work.request), perf::use_awaitable);
    perf::http_answer answer;
    for (;;) {
        boost::system::error_code closed;
        const std::size_t n = co_await socket.async_read_some(answer.space(), asio::redirect_error(perf::use_awaitable, closed));
        if (closed == asio::error::eof) break;
        if (closed) throw boost::system::system_error{closed};
        answer.received(n);
    }
    work.count(answer);
}

perf::awaitable<void> fetch_all(asio::io_context& io, perf::url_fetch& work) {
    try {
        while (work.claim()) co_await fetch(io, work);
    } catch (...) {
        work.fail();
    }
}

void run(perf::url_fetch& work) {
    asio::io_context io{perf::one_thread};
    for (std::size_t i = 0; i < work.concurrency; ++i) perf::start(io, fetch_all(io, work));
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::url_fetch_main(argc, argv, "awaitable", run); }
