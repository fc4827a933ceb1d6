// Fibers that run too long: who does not give way, where it is, and how long the others run.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace corun {

/// A fiber that runs and has not come to a yield for longer than the limit.
struct long_run {
    std::uint64_t id = 0;  ///< 0: no fiber, but a function that the scheduler runs; or not known, see is_known
    std::string name;
    bool is_known = false;  ///< false: the thread could not be interrupted; what follows but `so_far` is empty
    std::chrono::nanoseconds so_far{};
    std::source_location last_yield;
    std::source_location spawned_at;
    std::vector<std::string> frames;  ///< where it is now, the innermost first; empty in sanitizer builds that cannot say
};

/// The default handler: writes it to stderr.
void report_long_run(const long_run& found);

struct watchdog_options {
    std::chrono::nanoseconds limit = std::chrono::milliseconds{100};  ///< of all schedulers of the process; 100 µs at least
    std::function<void(const long_run&)> on_long_run = report_long_run;  ///< called on the watchdog's own thread
};

/// How many runs, from one yield of a fiber to its next, took how long.
class run_lengths {
public:
    static constexpr std::size_t buckets = 40;
    /// Runs of [2^(i-1), 2^i) nanoseconds; the last bucket has all that are longer.
    std::array<std::uint64_t, buckets> runs{};

    [[nodiscard]] std::uint64_t count() const noexcept;
    /// What so many of the runs stay below. @param share  0 to 1
    [[nodiscard]] std::chrono::nanoseconds quantile(double share) const noexcept;
};

/// As a table of the lengths that occurred.
std::ostream& operator<<(std::ostream& out, const run_lengths& lengths);

/// While it lives, a thread of its own looks at the fibers of all schedulers of the process, four times within the limit. One
/// that has run for longer than the limit is reported, once for each run: its thread is interrupted by SIGURG, and says from its
/// handler which fiber it runs and where that is. A thread that blocks SIGURG leaves that out. Meanwhile each yield reads the
/// clock; without a watchdog nothing does. One at a time: throws std::logic_error for a second, std::system_error if there is no
/// thread to be had. Not on a fiber.
class watchdog {
public:
    explicit watchdog(watchdog_options options = {});
    ~watchdog();
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    /// The runs so far, of the schedulers that live. Any thread.
    [[nodiscard]] run_lengths lengths() const;

private:
    struct monitor;
    std::unique_ptr<monitor> monitor_;
};

}  // namespace corun
