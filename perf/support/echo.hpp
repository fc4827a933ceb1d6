// echo: a server answers each request of 64 bytes with the same 64 bytes, over connections that stay. What every runtime's
// version shares; each brings only `run`. The load comes from a process of its own, which is bounded in count and in time.
#pragma once

#include "arguments.hpp"
#include "measure.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perf {

struct echo {
    static constexpr std::size_t size = 64;
    using buffer = std::array<char, 1024>;  ///< a server does not know how long a request is

    std::size_t connections = 64;
    std::size_t rounds = 1000;  ///< requests on each connection
    unsigned pause_us = 0;      ///< of the load before each round, so that the server surely waits
    boost::asio::ip::tcp::endpoint at;
    std::size_t answered = 0;   ///< by the server

    [[nodiscard]] std::size_t requests() const { return connections * rounds; }
};

/// The client: each round writes one request on every connection, then reads every answer. Blocking calls: with one connection the
/// server has always to wait, with many there is always something to do.
class echo_load {
public:
    explicit echo_load(const echo& work) : work_{work} {
        for (std::size_t i = 0; i != work.connections; ++i) {
            const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            check(fd >= 0 && ::connect(fd, work.at.data(), static_cast<socklen_t>(work.at.size())) == 0, "the load cannot connect");
            sockets_.push_back(fd);
        }
    }

    void run() {
        std::array<char, echo::size> sent{}, received{};
        for (std::size_t round = 0; round != work_.rounds; ++round) {
            if (work_.pause_us != 0) ::usleep(work_.pause_us);
            sent.fill(static_cast<char>(round));
            for (int fd : sockets_) check(::send(fd, sent.data(), sent.size(), MSG_NOSIGNAL) == ssize_t{echo::size}, "send");
            for (int fd : sockets_) {
                check(::recv(fd, received.data(), received.size(), MSG_WAITALL) == ssize_t{echo::size}, "an answer is short");
                check(received == sent, "an answer differs from its request");
            }
        }
        for (int fd : sockets_) ::close(fd);
    }

private:
    const echo& work_;
    std::vector<int> sockets_;
};

/// A process that makes the load: this program, begun anew, so that a tool that watches the server does not slow it down. Its alarm
/// kills it after a minute, and so does the server's.
class load_process {
public:
    load_process(const char* self, const echo& work) {
        ::alarm(60);
        child_ = ::fork();
        if (child_ != 0) return;
        const auto port = std::to_string(work.at.port()), connections = std::to_string(work.connections),
                   rounds = std::to_string(work.rounds), pause = std::to_string(work.pause_us);
        ::execl(self, self, "--connections", connections.c_str(), "--rounds", rounds.c_str(), "--pause", pause.c_str(), "--load",
                port.c_str(), nullptr);
        ::_exit(127);
    }
    void finish() {
        int status = -1;
        ::waitpid(child_, &status, 0);
        check(status == 0, "the load has failed");
    }

private:
    pid_t child_ = -1;
};

/// `run(io, acceptor, work)` accepts `work.connections`, serves each to its end, counts the answers, and returns.
template <class Run>
int echo_main(int argc, char** argv, std::string_view runtime, Run run) {
    return program("echo", [&] {
        echo work;
        unsigned load = 0;
        arguments args{"echo: requests and answers of 64 bytes over connections that stay"};
        args.option("connections", work.connections, "how many")
            .option("rounds", work.rounds, "how many requests on each")
            .option("pause", work.pause_us, "microseconds for which the load pauses before each round")
            .option("load", load, "makes the load for a server at this port, and is no server");
        if (!args.parse(argc, argv)) return;
        require_count("connections", work.connections, 20'000);
        require_count("rounds", work.rounds);
        if (load != 0) {
            ::alarm(60);
            work.at = {boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(load)};
            return echo_load{work}.run();
        }

        boost::asio::io_context io{1};
        using acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
        acceptor listening{io, {boost::asio::ip::address_v4::loopback(), 0}};
        listening.listen(20'000);
        work.at = listening.local_endpoint();
        load_process loading{argv[0], work};
        const stopwatch watch;
        run(io, listening, work);
        const cost spent = watch.elapsed();
        loading.finish();
        check(work.answered == work.requests(), std::to_string(work.answered) + " answers");
        result_line{"echo", runtime}.add("connections", work.connections).add("requests", work.requests()).print(spent);
    });
}

}  // namespace perf
