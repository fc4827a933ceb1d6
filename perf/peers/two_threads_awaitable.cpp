// two_threads with C++20 coroutines: an io_context and an acceptor for each thread, so that threads share nothing.
#include "../support/two_threads.hpp"
#include "awaitable.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <deque>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using acceptor = asio::basic_socket_acceptor<tcp, perf::io_executor>;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

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

struct unit {
    explicit unit(const tcp::endpoint& at) : listening{io} {
        listening.open(tcp::v4());
        listening.set_option(reuse_port{true});
        listening.set_option(tcp::no_delay{true});
        listening.bind(at);
        listening.listen(4096);
    }
    perf::awaitable<void> accept(perf::two_threads& work) {
        for (;;) perf::start(io, serve(co_await listening.async_accept(perf::use_awaitable), work));
    }

    asio::io_context io{perf::one_thread};
    acceptor listening;
};

template <class Loaded>
void run(perf::two_threads& work, Loaded loaded) {
    std::deque<unit> units;
    for (std::size_t i = 0; i != work.threads; ++i)
        units.emplace_back(i == 0 ? tcp::endpoint{asio::ip::address_v4::loopback(), 0} : units.front().listening.local_endpoint());
    std::vector<std::jthread> threads;
    for (unit& each : units) {
        perf::start(each.io, each.accept(work));
        threads.emplace_back([&each] { each.io.run(); });
    }
    loaded(units.front().listening.local_endpoint().port());
    for (unit& each : units) each.io.stop();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::two_threads_main(argc, argv, "awaitable", [](auto& work, auto loaded) { run(work, loaded); });
}
