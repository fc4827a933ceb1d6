// Stacks that are too small: who overflowed, and how deep fibers go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <source_location>
#include <string>
#include <vector>

namespace corun {

/// From now on a fiber that runs into its stack's guard page is named on stderr before the process ends: name, id, stack size,
/// place of its spawn and of its last yield, backtrace.
///
/// Installs a handler of SIGSEGV and SIGBUS for the process, and an alternate signal stack (sigaltstack(2)) on the calling thread
/// and on each thread that runs fibers, where the thread has none. The handler then restores what was installed before it and lets
/// the fault happen again: an ordinary fault reaches the user's handler as if this one were not there. A handler that is installed
/// later and does not pass on hides this one. Further calls do nothing. Any thread.
///
/// What it cannot see: a frame so large that it jumps over the guard page without touching it. Compile with
/// -fstack-clash-protection. Throws boost::system::system_error.
void report_overflows();

/// How deep the fibers of one spawn site went.
struct stack_use {
    std::source_location spawned_at;
    std::string name;  ///< of the fiber that went deepest
    std::uint64_t fibers = 0;  ///< that have ended or live
    std::size_t deepest = 0;  ///< bytes
    std::size_t stack_size = 0;  ///< as spawn_options would name it: guard page included

    /// The least stack size that leaves as much again as was used, for signal frames and the day of bad weather. Bytes, a power of
    /// two.
    [[nodiscard]] std::size_t advice() const noexcept;
};

/// While it lives, the depth of each fiber's stack is measured, by spawn site. A fiber that begins meanwhile pays two system calls.
/// One at a time; throws std::logic_error for a second. `./dev stacks PROGRAM` does the same for a whole program from outside.
class stack_watch {
public:
    /// @param warn_at  the fraction of its stack from which on a site is named on stderr, once: when the fiber ends, or in result()
    explicit stack_watch(double warn_at = 0.75);
    ~stack_watch();
    stack_watch(const stack_watch&) = delete;
    stack_watch& operator=(const stack_watch&) = delete;

    /// The fibers that have ended so far and those that live, the deepest site first; how deep the latter are is looked at now, and
    /// a site that has come to the fraction is named. Any thread, also on a fiber; never switches. Without the living fibers of
    /// schedulers in which one does not yield for a second. Throws std::bad_alloc.
    [[nodiscard]] std::vector<stack_use> result() const;
};

/// As a table, with the advice.
std::ostream& operator<<(std::ostream& out, const std::vector<stack_use>& sites);

}  // namespace corun
