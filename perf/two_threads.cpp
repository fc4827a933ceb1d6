// A server that computes, on the threads of a corun::runtime: each accepts, and has a scheduler of its own.
#include "support/two_threads.hpp"

#include <corun.hpp>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

void serve(tcp::socket peer, perf::two_threads& work) {
    std::uint64_t message = 0;
    boost::system::error_code ec;
    for (;;) {
        corun::yield(corun::read(peer, asio::buffer(&message, sizeof message)), ec);
        if (ec) return;
        message = work.answer(message);
        corun::yield(corun::write(peer, asio::buffer(&message, sizeof message)), ec);
        if (ec) return;
    }
}

template <class Loaded>
void run(perf::two_threads& work, Loaded loaded) {
    corun::runtime cores{{.threads = work.threads}};
    const tcp::endpoint at = cores.serve({asio::ip::address_v4::loopback(), 0}, [&work](tcp::socket peer) {
        peer.set_option(tcp::no_delay{true});
        serve(std::move(peer), work);
    });
    loaded(at.port());
    cores.stop();
    cores.join();
}

}  // namespace

int main(int argc, char** argv) {
    return perf::two_threads_main(argc, argv, "corun", [](auto& work, auto loaded) { run(work, loaded); });
}
