// echo: a server answers each request of 64 bytes with the same 64 bytes, over connections that stay. What every runtime's
// version shares; each brings only `run`. The load is echo_load.cpp, a process of its own.
#pragma once

#include "arguments.hpp"
#include "load_process.hpp"
#include "measure.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace perf {

class echo {
public:
    static constexpr std::size_t size = 64;
    using buffer = std::array<char, 1024>;  ///< a server does not know how long a request is

    std::size_t connections = 64;
    std::size_t rounds = 1000;   ///< requests on each connection
    std::size_t pause_us = 0;    ///< of the load before each round, so that the server surely waits
    std::size_t locks = 1;       ///< 0: the io_context does without, as it may where only its thread touches it

    [[nodiscard]] std::size_t requests() const { return connections * rounds; }
    [[nodiscard]] std::size_t answered() const { return answered_; }

    /// The server's call when an answer was sent. Where each connection has one request, all of them are open and idle at the last.
    void answer_sent() {
        if (++answered_ == requests() && rounds == 1) resident_ = resident_bytes();
    }

    /// What the server has resident for a connection that is open and idle; 0 where that is not the question.
    [[nodiscard]] double resident_each() const {
        return resident_ > before_ ? static_cast<double>(resident_ - before_) / static_cast<double>(connections) : 0;
    }

private:
    std::size_t answered_ = 0;
    std::size_t before_ = resident_bytes();
    std::size_t resident_ = 0;
};

/// `run(io, acceptor, work)` accepts `work.connections`, serves each to its end, counts the answers, and returns. The load is the
/// program WORKLOAD_load.
template <class Run>
int echo_server_main(int argc, char** argv, const std::string& workload, std::string_view runtime, Run run) {
    return program(workload, [&] {
        echo work;
        arguments args{workload + ": requests and answers of 64 bytes over connections that stay"};
        args.option("connections", work.connections, "how many")
            .option("rounds", work.rounds, "how many requests on each")
            .option("pause", work.pause_us, "microseconds for which the load pauses before each round")
            .option("locks", work.locks, "0: none in the io_context");
        if (!args.parse(argc, argv)) return;
        require_count("connections", work.connections, 20'000);
        require_count("rounds", work.rounds);
        need_descriptors(work.connections);

        boost::asio::io_context io{work.locks != 0 ? 1 : BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
        using acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
        acceptor listening{io, {boost::asio::ip::address_v4::loopback(), 0}};
        listening.listen(20'000);
        load_process load{
            argv[0],
            workload + "_load",
            {"--port", std::to_string(listening.local_endpoint().port()), "--connections", std::to_string(work.connections),
             "--rounds", std::to_string(work.rounds), "--pause", std::to_string(work.pause_us)}};
        bind_server();
        const stopwatch watch;
        run(io, listening, work);
        const cost spent = watch.elapsed();
        load.finish();
        check(work.answered() == work.requests(), std::to_string(work.answered()) + " answers");
        const double each = 1e9 / static_cast<double>(work.requests());
        result_line{workload, runtime}
            .add("connections", work.connections)
            .add("requests", work.requests())
            .add("resident_b", work.resident_each())
            .add("op_ns", spent.wall_s * each)
            .add("op_cpu_ns", spent.cpu_s * each)
            .print(spent);
    });
}

template <class Run>
int echo_main(int argc, char** argv, std::string_view runtime, Run run) {
    return echo_server_main(argc, argv, "echo", runtime, std::move(run));
}

}  // namespace perf
