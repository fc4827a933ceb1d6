// What the loads of servers on this machine share: the command line, and a connection.
#pragma once

#include "arguments.hpp"
#include "load_process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace perf {

struct load {
    std::size_t port = 0, connections = 64, rounds = 1000, pause_us = 0;
};

inline int connect_to(std::size_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0, "cannot connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/// `run(work)` makes the load and throws where an answer is not what it should be.
template <class Run>
int load_main(int argc, char** argv, const std::string& name, Run run) {
    return program(name, [&] {
        load work;
        arguments args{name + ": the clients of a server on this machine"};
        args.option("port", work.port, "where the server listens")
            .option("connections", work.connections, "how many")
            .option("rounds", work.rounds, "how many requests on each")
            .option("pause", work.pause_us, "microseconds before each round");
        if (!args.parse(argc, argv)) return;
        require_count("port", work.port, 65535);
        require_count("connections", work.connections, 20'000);
        need_descriptors(work.connections);
        ::alarm(longest_seconds);
        run(work);
    });
}

}  // namespace perf
