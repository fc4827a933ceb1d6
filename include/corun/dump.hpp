// Every fiber of the process on a page: who waits where, for what, since when, and who started it.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <iosfwd>
#include <memory>

namespace corun {

enum class dump_format : std::uint8_t { text, json };

struct dump_options {
    dump_format format = dump_format::text;
    bool backtraces = false;  ///< of the fibers that wait; not in sanitizer builds, nor of a scheduler that had to be interrupted
    std::chrono::milliseconds patience{1000};  ///< for each scheduler in which a fiber does not yield
};

/// Writes all fibers of all schedulers as a tree (who spawned whom): id, name, state, what it waits for and since when, line of the
/// last yield, line of the spawn, the group that it belongs to, the earliest deadline above it, cancellation, stack used and its
/// size; and the blocks that it is inside of, the innermost first (six of them): which, its line, how much time is left, whether
/// and why it is cancelled.
///
/// Any thread, also on a fiber; never switches, blocks the thread meanwhile. Each scheduler is looked at between two of its fibers,
/// on the calling thread if nobody is inside. If a fiber does not yield within the patience, its thread is interrupted by SIGURG
/// and copies the list from its handler, without allocating; the dump then says so. A scheduler that blocks this signal is listed
/// without fibers.
///
/// "Since when" is the scheduler's last look at a clock before the fiber began to wait. It looks when it polls for I/O, at the
/// kernel's coarse clock: what is shown is too long by at most a tick of that (clock_getres(2): 1 to 10 ms) and by what fibers ran
/// between that poll and the wait. While a `yield_times` lives it is exact, and known of each yield. In a simulation it is virtual
/// time.
///
/// Fibers that end meanwhile may be missing. Throws std::bad_alloc and what the stream throws.
void dump(std::ostream& out, const dump_options& options = {});
void dump(std::ostream& out, dump_format format);

/// While one lives, each yield notes its exact time for dumps, also where the fiber did not wait. Costs a clock read at each yield,
/// of all schedulers. Any thread; not on a fiber that must not block. Fibers whose scheduler does not come by within a second go
/// without.
class yield_times {
public:
    yield_times();
    ~yield_times();
    yield_times(const yield_times&) = delete;
    yield_times& operator=(const yield_times&) = delete;
};

/// While it lives, the signal makes a thread of its own write a dump to stderr (kill -QUIT, or Ctrl-\ on the terminal). The handler
/// itself only wakes that thread. One at a time; throws std::logic_error for a second, system_error if the system refuses.
class dump_on_signal {
public:
    explicit dump_on_signal(int number = SIGQUIT, dump_options options = {});
    ~dump_on_signal();
    dump_on_signal(const dump_on_signal&) = delete;
    dump_on_signal& operator=(const dump_on_signal&) = delete;

private:
    struct listener;
    std::unique_ptr<listener> listener_;
};

}  // namespace corun
