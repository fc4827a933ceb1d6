// echo with Boost.Fiber, whose scheduler runs an io_context.
#include "../support/echo.hpp"
#include "boost_fiber_asio.hpp"

#include <boost/asio/write.hpp>

#include <vector>

namespace {

namespace asio = boost::asio;

void serve(perf::tcp_socket& peer, perf::echo& work) {
    perf::echo::buffer data;
    boost::system::error_code ec;
    for (;;) {
        const std::size_t n = peer.async_read_some(asio::buffer(data), perf::fiber_yield[ec]);
        if (ec) return;
        asio::async_write(peer, asio::buffer(data, n), perf::fiber_yield);
        work.answer_sent();
    }
}

void run(int listening, perf::echo& work) {
    const auto io = perf::fibers_on_asio();
    std::vector<perf::fibers::fiber> sessions;
    for (std::size_t i = 0; i != work.connections; ++i) {
        // Blocking, and before anything is served: the token has no form for values that cannot be default-constructed.
        perf::tcp_socket peer{*io, asio::ip::tcp::v4(), ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC)};
        sessions.push_back(perf::start_fiber(perf::fibers::launch::post, perf::recycled_stacks(),
                                             [&work, own = std::move(peer)]() mutable { serve(own, work); }));
    }
    for (auto& session : sessions) session.join();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::echo_main(argc, argv, "boost_fiber",
                           [](auto&, auto& acceptor, auto& work) { run(acceptor.native_handle(), work); });
}
