// url_fetch with Boost.Fiber, whose scheduler runs the io_context.
#include "../support/url_fetch.hpp"
#include "boost_fiber_asio.hpp"

#include <boost/asio/write.hpp>

#include <vector>

namespace {

namespace asio = boost::asio;

void fetch(asio::io_context& io, perf::url_fetch& work) {
    perf::tcp_socket socket{io};
    socket.async_connect(work.server, perf::fiber_yield);
    asio::async_write(socket, asio::buffer(work.request), perf::fiber_yield);
    perf::http_answer answer;
    for (;;) {
        boost::system::error_code closed;
        const std::size_t n = socket.async_read_some(answer.space(), perf::fiber_yield[closed]);
        if (closed == asio::error::eof) break;
        if (closed) throw boost::system::system_error{closed};
        answer.received(n);
    }
    work.count(answer);
}

void run(perf::url_fetch& work) {
    const auto io = perf::fibers_on_asio();
    std::vector<perf::fibers::fiber> tasks;
    tasks.reserve(work.concurrency);
    for (std::size_t i = 0; i < work.concurrency; ++i)
        tasks.push_back(perf::start_fiber(perf::fibers::launch::dispatch, perf::recycled_stacks(), [&] {
            work.guard([&] {
                while (work.claim()) fetch(*io, work);
            });
        }));
    for (auto& task : tasks) task.join();
}

}  // namespace

int main(int argc, char** argv) { return perf::url_fetch_main(argc, argv, "boost_fiber", run); }
