// What fibers do over time, as a file that Perfetto (ui.perfetto.dev) and Chrome's tracing view (chrome://tracing) open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace corun {

namespace detail {
class trace_recording;
}

struct trace_options {
    std::size_t events = 64 * 1024;  ///< kept, the newest; of 128 bytes each; rounded up to a power of two, 256 at least
    bool only_on_crash = false;      ///< a flight recorder: without a crash, no file is left
};

/// While it lives, what every fiber of the process does is recorded: spawned, runs, gives way, waits (for what, on which line),
/// is woken (an arrow from who did it), ends; and the spans of `trace_span`. Its end writes the file, in the Trace Event Format:
/// a track per fiber.
///
/// Events are kept in a ring; when it is full the oldest are overwritten, and counted.
///
/// On a crash (SIGSEGV, SIGBUS, SIGABRT, also by std::terminate, SIGILL, SIGFPE) the file is written from the signal handler, on
/// the alternate stack that threads with fibers get; then the handler that was there before has the signal, as if this one were
/// not there.
///
/// Also on SIGINT, SIGTERM and SIGHUP, unless the program had a handler for it or ignored it when the trace began: the file is
/// written (a flight recorder's is removed) before the signal ends the process.
///
/// One at a time. Any thread, also on a fiber; never switches. Until it lives nothing is paid for it but a look at one flag in
/// each turn of the event loop. While it lives each switch goes through the loop, takes the time, and operations that are ready
/// at once complete through the loop more often; schedulers that are in the middle of their turn join with the next one.
class trace {
public:
    /// Opens the file, which is overwritten. Throws boost::system::system_error, std::bad_alloc, and std::logic_error for a
    /// second trace.
    explicit trace(std::string file, trace_options options = {});
    /// As stop(); reports a failure on stderr.
    ~trace();
    trace(const trace&) = delete;
    trace& operator=(const trace&) = delete;

    /// Ends the recording and writes the file. Blocks the thread meanwhile. Throws boost::system::system_error. Further calls do
    /// nothing.
    void stop();

    /// Events that were overwritten so far. Any thread.
    [[nodiscard]] std::uint64_t dropped() const noexcept;

private:
    std::unique_ptr<detail::trace_recording> recording_;
};

/// A span of the program's own on the track of the running fiber, or thread: from here to the end of the scope. May hold yields.
/// To be destroyed where it was made, the last one first. Without a trace it is a look at a flag.
class [[nodiscard]] trace_span {
public:
    /// @param name  copied; its first 39 bytes are kept
    explicit trace_span(std::string_view name) noexcept;
    ~trace_span();
    trace_span(const trace_span&) = delete;
    trace_span& operator=(const trace_span&) = delete;

private:
    bool is_open_;
};

}  // namespace corun
