// What a scheduler does, in figures: for dashboards and alarms.
#pragma once

#include <corun/watchdog.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

namespace corun {

/// One scheduler at one moment. What counts only grows: a rate is the difference of two snapshots.
struct scheduler_metrics {
    std::uint64_t scheduler = 0;  ///< its number in the process, from 1 in the order in which they were made
    bool is_complete =
        true;      ///< false: one of its fibers did not yield within the patience; the figures that need a look inside are 0

    std::size_t live = 0;   ///< fibers spawned and not ended
    std::size_t ready = 0;  ///< of these: runnable, beside the one that runs
    std::map<std::string, std::size_t> waiting;  ///< of these: by what they wait for, as dumps say it, without whom

    std::uint64_t spawned = 0;
    std::uint64_t switches = 0;       ///< to a fiber
    std::uint64_t waits = 0;          ///< operations that were not ready and made their fiber wait
    std::uint64_t cancellations = 0;  ///< of fibers as a whole
    std::size_t stacks_in_use = 0;
    std::size_t stacks_cached = 0;    ///< unused, kept for the next fibers

    // While a run_times or a watchdog lives; what was measured before stays.
    std::chrono::nanoseconds in_fibers{};  ///< time spent in fibers and in functions posted to the scheduler, system calls included
    std::chrono::nanoseconds elsewhere{};  ///< time between: blocked in the kernel, in the event loop and its other handlers
    std::chrono::nanoseconds last_lag{};  ///< from when the scheduler asked to be run until it was, the last time
    std::chrono::nanoseconds longest_lag{};  ///< the same, the longest so far
    run_lengths runs;  ///< from one yield to the next

    // The same while; of the thread that ran the scheduler last, whatever else it did, since it began. 0 where the thread has ended
    // or the system has no /proc. Processor time is counted in the system's clock ticks, as a rule of 10 ms.
    std::uint64_t thread = 0;  ///< its number in the system, as in top(1)
    std::chrono::nanoseconds thread_user{};  ///< processor time in the program: fibers, the event loop, handlers
    std::chrono::nanoseconds thread_kernel{};  ///< processor time in the kernel: system calls, page faults
    std::chrono::nanoseconds thread_age{};  ///< all of its time
    /// What is left of that: blocked (waiting for events, as a rule), or made to wait for a processor. Of the time `elsewhere`,
    /// what was not idle went to the event loop and to other handlers.
    [[nodiscard]] std::chrono::nanoseconds thread_idle() const noexcept {
        return std::max(thread_age - thread_user - thread_kernel, std::chrono::nanoseconds::zero());
    }
};

/// Of every scheduler of the process. Any thread, also on a fiber; never switches. Each scheduler is looked at between two of its
/// fibers, on the calling thread if nobody is inside. Counts every fiber: with a million of them a look takes some milliseconds.
/// Throws std::bad_alloc.
/// @param patience  how long to wait for a fiber that does not yield; the figures of its scheduler are incomplete then
[[nodiscard]] std::vector<scheduler_metrics> metrics(std::chrono::milliseconds patience = std::chrono::milliseconds{100});

/// While one lives, schedulers measure their times: yields, and turns of the loop, read the clock. Any thread; not on a fiber
/// that must not block.
class run_times {
public:
    run_times();
    ~run_times();
    run_times(const run_times&) = delete;
    run_times& operator=(const run_times&) = delete;
};

/// In the text format of Prometheus (version 0.0.4), which belongs to `Content-Type: text/plain; version=0.0.4`.
void write_prometheus(std::ostream& out, const std::vector<scheduler_metrics>& all);

}  // namespace corun
