// Workloads that repeat one operation: what every runtime's version shares. Each brings only `run`.
#pragma once

#include "arguments.hpp"
#include "measure.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perf {

/// The work: `count` operations, of a `size` whose meaning is the workload's (fibers, children at once, a depth).
struct operations {
    std::size_t count = 0;
    std::size_t size = 1;
    std::optional<bool> waits{};  ///< does each give way once before it ends? Without a value, no question of the workload
    std::size_t done = 0;   ///< to be counted by what was started, not by who started it
    std::uint64_t sum = 0;  ///< whatever the workload adds up; equal in every runtime
};

/// `run(work)` does the work and returns when all of it has ended.
template <class Run>
int operations_main(int argc, char** argv, std::string_view workload, std::string_view runtime, operations work, Run run) {
    return program(workload, [&] {
        arguments args{std::string{workload} + ": nanoseconds are those of one operation"};
        args.option("operations", work.count, "how many operations")
            .option("size", work.size, "how large each is, or how many are under way at once");
        bool waits = false;
        if (work.waits) args.option("waits", waits, "1: each gives way once before it ends");
        if (!args.parse(argc, argv)) return;
        require_count("operations", work.count, 1'000'000'000);
        require_count("size", work.size);
        if (work.waits) work.waits = waits;

        const stopwatch watch;
        run(work);
        const cost spent = watch.elapsed();

        check(work.done == work.count, std::to_string(work.done) + " of " + std::to_string(work.count) + " operations done");
        const double each = 1e9 / static_cast<double>(work.count);
        result_line{workload, runtime}
            .add("operations", work.count)
            .add("size", work.size)
            .add("done", work.done)
            .add("sum", work.sum)
            .add("op_ns", spent.wall_s * each)
            .add("op_cpu_ns", spent.cpu_s * each)
            .print(spent);
    });
}

}  // namespace perf
