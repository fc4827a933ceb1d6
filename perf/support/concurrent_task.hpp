// concurrent_task: many tasks sleep and count. What every runtime's version shares; each brings only `run`.
#pragma once

#include "arguments.hpp"
#include "measure.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perf {

struct concurrent_task {
    std::size_t tasks = 10'000;
    std::chrono::milliseconds sleep{1000};
    bool random = false;

    /// How long task i sleeps: all alike, or spread evenly over the time, by the same numbers in every runtime.
    [[nodiscard]] std::chrono::microseconds sleep_of(std::size_t i) const {
        const std::chrono::microseconds longest = sleep;
        return random ? longest * static_cast<std::int64_t>(i * 48'271 % 65'537) / 65'537 : longest;
    }
};

/// `run(work)` starts `work.tasks` tasks, task i of which sleeps `work.sleep_of(i)` and then counts one, and returns the
/// count when all have ended.
template <class Run>
int concurrent_task_main(int argc, char** argv, std::string_view runtime, Run run) {
    return program("concurrent_task", [&] {
        concurrent_task work;
        long long sleep_ms = work.sleep.count();
        arguments args{"concurrent_task: tasks that sleep and count"};
        args.option("tasks", work.tasks, "how many tasks run at the same time")
            .option("sleep-ms", sleep_ms, "how long each of them sleeps")
            .option("random", work.random, "1: each sleeps for another time, up to that");
        if (!args.parse(argc, argv)) return;
        require_count("tasks", work.tasks);
        if (sleep_ms < 0 || sleep_ms > 3'600'000) throw bad_arguments{"--sleep-ms must be 0 to 3600000"};
        work.sleep = std::chrono::milliseconds{sleep_ms};

        const stopwatch watch;
        const std::size_t counted = run(work);
        const cost spent = watch.elapsed();

        check(counted == work.tasks, std::to_string(counted) + " of " + std::to_string(work.tasks) + " tasks counted");
        std::chrono::microseconds longest{0};
        for (std::size_t i = 0; i < work.tasks; ++i) longest = std::max(longest, work.sleep_of(i));
        check(spent.wall_s >= std::chrono::duration<double>{longest}.count(), "ended before the tasks had slept");
        result_line{"concurrent_task", runtime}.add("tasks", work.tasks).add("counted", counted).print(spent);
    });
}

}  // namespace perf
