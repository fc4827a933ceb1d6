// The load of echo: each round writes one request on every connection, then reads every answer. Blocking calls: with one connection the
// server has always to wait, with many there is always something to do.
#include "arguments.hpp"
#include "load_process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

using message = std::array<char, 64>;

struct load {
    std::size_t port = 0, connections = 64, rounds = 1000, pause_us = 0;
};

int connect_to(std::size_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    perf::check(fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0, "cannot connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

void run(const load& work) {
    std::vector<int> sockets;
    for (std::size_t i = 0; i != work.connections; ++i) sockets.push_back(connect_to(work.port));
    message sent{}, received{};
    for (std::size_t round = 0; round != work.rounds; ++round) {
        if (work.pause_us != 0) ::usleep(static_cast<useconds_t>(work.pause_us));
        sent.fill(static_cast<char>(round));
        for (int fd : sockets) perf::check(::send(fd, sent.data(), sent.size(), MSG_NOSIGNAL) == ssize_t{sent.size()}, "cannot send");
        for (int fd : sockets) {
            perf::check(::recv(fd, received.data(), received.size(), MSG_WAITALL) == ssize_t{sent.size()}, "an answer is short");
            perf::check(received == sent, "an answer differs from its request");
        }
    }
    for (int fd : sockets) ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
    return perf::program("echo_load", [&] {
        load work;
        perf::arguments args{"echo_load: the clients of an echo server on this machine"};
        args.option("port", work.port, "where the server listens")
            .option("connections", work.connections, "how many")
            .option("rounds", work.rounds, "how many requests on each")
            .option("pause", work.pause_us, "microseconds before each round");
        if (!args.parse(argc, argv)) return;
        perf::require_count("port", work.port, 65535);
        ::alarm(perf::longest_seconds);
        run(work);
    });
}
