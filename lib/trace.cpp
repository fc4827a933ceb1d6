#include <corun/trace.hpp>

#include "chained_handler.hpp"
#include "observers.hpp"
#include "scheduler_impl.hpp"
#include "trace_json.hpp"
#include "tracer.hpp"

#include <corun/clock.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace corun {
namespace detail {
namespace {

struct fatal_signal {
    chained_handler handler;
    const char* name;
};
constinit std::array<fatal_signal, 5> fatal_signals{{{chained_handler{SIGSEGV}, "SIGSEGV"},
                                                     {chained_handler{SIGBUS}, "SIGBUS"},
                                                     {chained_handler{SIGABRT}, "SIGABRT"},
                                                     {chained_handler{SIGILL}, "SIGILL"},
                                                     {chained_handler{SIGFPE}, "SIGFPE"}}};

// These end a process that has no handler for them: its trace ends first.
constinit std::array<chained_handler, 3> ending_signals{chained_handler{SIGINT}, chained_handler{SIGTERM}, chained_handler{SIGHUP}};

constinit std::mutex one_at_a_time;  // guards the begin and the end of a trace

// Who writes the file: the trace's end or the first crash. Who has it may use the recording.
constinit std::atomic_flag is_writing{};
constinit std::atomic<trace_recording*> recording{nullptr};

}  // namespace

class trace_recording {
public:
    trace_recording(std::string file, trace_options options)
        : file_{std::move(file)}, only_on_crash_{options.only_on_crash}, ring_{options.events}, writer_{ring_.capacity()} {
        const std::lock_guard hold{one_at_a_time};
        if (recording.load() != nullptr) throw std::logic_error{"corun: there is a trace already"};
        fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd_ < 0) throw failure(errno);
        need_alternate_stack();
        observe(observer::signals, true);
        recording.store(this);
        recorded_by.store(&ring_);
        try {
            for (fatal_signal& signal : fatal_signals) signal.handler.install(on_crash);
            for (chained_handler& signal : ending_signals)
                if (signal.would_be_first()) signal.install(on_ending);
        } catch (...) {
            (void)take_back();
            ::close(fd_);
            throw;
        }
        observe(observer::trace, true);
    }

    void stop() {
        const std::lock_guard hold{one_at_a_time};
        if (fd_ < 0) return;
        const bool was_written = !take_back();  // by a signal that the process has survived
        int error_number = 0;
        if (only_on_crash_ && !was_written)
            ::unlink(file_.c_str());
        else if (!was_written)
            error_number = writer_.write(fd_, ring_, {});
        if (::close(std::exchange(fd_, -1)) != 0 && error_number == 0) error_number = errno;
        if (error_number != 0) throw failure(error_number);
    }

    [[nodiscard]] std::uint64_t dropped() const noexcept { return ring_.begin(); }

private:
    [[nodiscard]] boost::system::system_error failure(int number) const {
        return {number, boost::system::system_category(), "corun: the trace " + file_ + " cannot be written"};
    }

    // Nobody records any more, no crash writes any more. False: one has.
    static bool take_back() noexcept {
        observe(observer::trace, false);
        while (is_writing.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
        const bool was_ours = recording.exchange(nullptr) != nullptr;
        is_writing.clear(std::memory_order_release);
        recorded_by.store(nullptr);
        while (recorders_inside.load(std::memory_order_acquire) != 0) std::this_thread::yield();
        for (fatal_signal& signal : fatal_signals) signal.handler.uninstall(on_crash);
        for (chained_handler& signal : ending_signals) signal.uninstall(on_ending);
        return was_ours;
    }

    static void on_crash(int number, siginfo_t* info, void*) noexcept {
        const int error_number = errno;
        for (const fatal_signal& signal : fatal_signals) {
            if (signal.handler.number() != number) continue;
            // Other threads may crash, too: the process must live until the first one has written.
            while (is_writing.test_and_set(std::memory_order_acquire)) ::usleep(1000);
            if (trace_recording* mine = recording.exchange(nullptr)) mine->write_after_crash(signal.name);
            is_writing.clear(std::memory_order_release);
            signal.handler.pass_on(*info);
        }
        errno = error_number;
    }

    static void on_ending(int number, siginfo_t*, void*) noexcept {
        // Not for ever: it may be the thread below us that is about to write.
        for (int tries = 0; is_writing.test_and_set(std::memory_order_acquire); ++tries) {
            if (tries == 1000) ::_exit(128 + number);
            ::usleep(1000);
        }
        if (trace_recording* mine = recording.exchange(nullptr)) mine->end_early();
        is_writing.clear(std::memory_order_release);
        for (const chained_handler& signal : ending_signals)
            if (signal.number() == number) signal.raise_again();
    }

    void end_early() noexcept {
        if (only_on_crash_)
            ::unlink(file_.c_str());
        else
            (void)writer_.write(fd_, ring_, {});
    }

    void write_after_crash(const char* what) noexcept {
        const scheduler_core* core = current_core();
        const fiber_record* fiber = core != nullptr ? core->running : nullptr;
        const std::int64_t now = clock::now().time_since_epoch().count();
        (void)writer_.write(fd_, ring_, {.what = what, .fiber = fiber != nullptr ? fiber->id : 0, .at = now});
    }

    std::string file_;
    bool only_on_crash_;
    int fd_ = -1;
    trace_ring ring_;
    trace_writer writer_;
};

}  // namespace detail

trace::trace(std::string file, trace_options options)
    : recording_{std::make_unique<detail::trace_recording>(std::move(file), options)} {}

trace::~trace() {
    try {
        stop();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
    }
}

void trace::stop() { recording_->stop(); }
std::uint64_t trace::dropped() const noexcept { return recording_->dropped(); }

}  // namespace corun
