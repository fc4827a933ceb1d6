// two_threads: a server whose requests take it 0.2 ms of computing each, on one thread or on two. What the servers share. The load
// is two_threads_load.cpp; what it takes is told beside the server's figures, because on two processors it takes that from the
// server.
#pragma once

#include "arguments.hpp"
#include "compute.hpp"
#include "load_process.hpp"
#include "measure.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perf {

struct two_threads {
    std::size_t threads = 2;
    std::size_t connections = 64;
    std::size_t requests = 4000;
    std::atomic<std::size_t> answered{0};

    /// The server's work for one request.
    std::uint64_t answer(std::uint64_t request) {
        answered.fetch_add(1, std::memory_order_relaxed);
        return compute(request);
    }
};

/// `run(work, loaded)` starts the server, calls `loaded(port)`, which returns when the load has ended, and ends the server.
template <class Run>
int two_threads_main(int argc, char** argv, std::string_view runtime, Run run) {
    return program("two_threads", [&] {
        two_threads work;
        arguments args{"two_threads: requests of 0.2 ms of computing, on several threads"};
        args.option("threads", work.threads, "of the server")
            .option("connections", work.connections, "how many, each with one request at a time")
            .option("requests", work.requests, "how many on all of them");
        if (!args.parse(argc, argv)) return;
        require_count("threads", work.threads, 1024);
        require_count("connections", work.connections, 10'000);
        require_count("requests", work.requests);
        need_descriptors(work.connections);

        cost spent;
        double load_s = 0;
        run(work, [&](std::size_t port) {
            const stopwatch watch;
            load_process load{argv[0],
                              "two_threads_load",
                              {"--port", std::to_string(port), "--connections", std::to_string(work.connections), "--rounds",
                               std::to_string(work.requests)},
                              false};
            load_s = load.finish();
            spent = watch.elapsed();
        });
        check(work.answered == work.requests, std::to_string(work.answered) + " answers");
        const double each = 1e9 / static_cast<double>(work.requests);
        result_line{"two_threads", runtime}
            .add("threads", work.threads)
            .add("requests", work.requests)
            .add("load_part", load_s / spent.wall_s)
            .add("op_ns", spent.wall_s * each)
            .add("op_cpu_ns", spent.cpu_s * each)
            .print(spent);
    });
}

}  // namespace perf
