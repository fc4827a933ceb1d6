// two_threads with C++20 coroutines on one io_context that all threads run: whoever is idle takes the next.
#include "../support/two_threads.hpp"
#include "awaitable.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using acceptor = asio::basic_socket_acceptor<tcp, perf::io_executor>;

perf::awaitable<void> serve(perf::tcp_socket peer, perf::two_threads& work) {
    std::uint64_t message = 0;
    boost::system::error_code ec;
    for (;;) {
        co_await asio::async_read(peer, asio::buffer(&message, sizeof message), asio::redirect_error(perf::use_awaitable, ec));
        if (ec) co_return;
        message = work.answer(message);
        co_await asio::async_write(peer, asio::buffer(&message, sizeof message), asio::redirect_error(perf::use_awaitable, ec));
        if (ec) co_return;
    }
}

perf::awaitable<void> accept(asio::io_context& io, acceptor& listening, perf::two_threads& work) {
    for (;;) perf::start(io, serve(co_await listening.async_accept(perf::use_awaitable), work));
}

template <class Loaded>
void run(perf::two_threads& work, Loaded loaded) {
    asio::io_context io{static_cast<int>(work.threads)};
    acceptor listening{io, {asio::ip::address_v4::loopback(), 0}};
    listening.set_option(tcp::no_delay{true});
    listening.listen(4096);
    perf::start(io, accept(io, listening, work));
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i != work.threads; ++i) threads.emplace_back([&io] { io.run(); });
    loaded(listening.local_endpoint().port());
    io.stop();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::two_threads_main(argc, argv, "awaitable_shared", [](auto& work, auto loaded) { run(work, loaded); });
}
