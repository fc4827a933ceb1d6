// Programs that stand still: every fiber waits for another one, and nothing is left that could move any of them.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <source_location>
#include <string>
#include <vector>

namespace corun {

/// A fiber that waits for what only fibers of its scheduler can do.
struct stalled_fiber {
    std::uint64_t id = 0;
    std::string name;
    std::string waits_for;            ///< "mutex held by", "join of", "channel…::receive_operation"
    std::uint64_t holder = 0;         ///< id of the one fiber that could end the wait, which may be another scheduler's; 0: any could
    std::string holder_name;
    std::source_location where;       ///< of the yield that waits
    std::source_location spawned_at;
};

/// All fibers of a scheduler of which none can go on: none is runnable, none waits for a time, for the system, for another
/// scheduler or thread, none has a deadline or a stop token, and its execution context has no other work outstanding.
struct stall {
    std::vector<stalled_fiber> fibers;  ///< the oldest first
};

/// One line for each chain of fibers that wait for each other, with the place of every wait.
std::ostream& operator<<(std::ostream& out, const stall& found);

/// Called on the scheduler's thread, not on a fiber, once for each such state; what it throws leaves io_context::run(). It may
/// cancel fibers by their handles.
using stall_handler = std::function<void(const stall&)>;

/// The default handler: writes the chains to stderr.
void report_stall(const stall& found);

/// Replaces the handler of the process; an empty one: stalls are not looked for. Any thread; counts from the next stall on.
///
/// A stall is known at once where nothing else of its context is outstanding, and within a second, later within a minute, after
/// the last of that has ended. Whatever Asio counts as work prevents the report: a work guard, a timer, a signal_set, a
/// descriptor, a posted function. So a thread that may spawn or post something later should hold a work guard, as it should for
/// Asio's own sake. Contexts other than an io_context and simulations are not looked at. Of several schedulers on
/// one context each is reported, when none of them can move.
///
/// A cycle of mutexes and joins does not come as far as this: the yield that would close it throws `deadlock`.
void on_stall(stall_handler handler);

}  // namespace corun
