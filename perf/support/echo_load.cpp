// The load of echo: each round writes one request on every connection, then reads every answer. Blocking calls: with one connection
// the server has always to wait, with many there is always something to do.
#include "load.hpp"

#include <array>
#include <vector>

namespace {

using message = std::array<char, 64>;

void run(const perf::load& work) {
    std::vector<int> sockets;
    for (std::size_t i = 0; i != work.connections; ++i) sockets.push_back(perf::connect_to(work.port));
    message sent{}, received{};
    for (std::size_t round = 0; round != work.rounds; ++round) {
        if (work.pause_us != 0) ::usleep(static_cast<useconds_t>(work.pause_us));
        sent.fill(static_cast<char>(round));
        for (int fd : sockets)
            perf::check(::send(fd, sent.data(), sent.size(), MSG_NOSIGNAL) == ssize_t{sent.size()}, "cannot send");
        for (int fd : sockets) {
            perf::check(::recv(fd, received.data(), received.size(), MSG_WAITALL) == ssize_t{sent.size()}, "an answer is short");
            perf::check(received == sent, "an answer differs from its request");
        }
    }
    for (int fd : sockets) ::close(fd);
}

}  // namespace

int main(int argc, char** argv) { return perf::load_main(argc, argv, "echo_load", run); }
