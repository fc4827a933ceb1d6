#include <corun/overflow.hpp>

#include "chained_handler.hpp"
#include "observers.hpp"
#include "scheduler_impl.hpp"
#include "signal_text.hpp"

#include <execinfo.h>
#include <sys/mman.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace corun {
namespace detail {

constinit std::atomic<std::uint8_t> observers{0};

namespace {

constexpr std::size_t alternate_size = 64 * 1024;  // the unwinder takes some KiB
constexpr std::size_t frames_shown = 24;           // at either end; runs of equal ones count as one

// The thread's, until it ends. Where it already has one it is left alone.
class alternate_stack {
public:
    alternate_stack() noexcept {
        stack_t present{};
        if (::sigaltstack(nullptr, &present) == 0 && (present.ss_flags & SS_DISABLE) == 0) return;
        void* base = ::mmap(nullptr, alternate_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (base == MAP_FAILED) return;
        const stack_t wanted{.ss_sp = base, .ss_flags = 0, .ss_size = alternate_size};
        if (::sigaltstack(&wanted, nullptr) == 0)
            base_ = base;
        else
            ::munmap(base, alternate_size);
    }
    ~alternate_stack() {
        if (base_ == nullptr) return;
        stack_t present{};
        const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
        // Somebody may have put another one in its place.
        if (::sigaltstack(nullptr, &present) == 0 && present.ss_sp == base_) ::sigaltstack(&none, nullptr);
        ::munmap(base_, alternate_size);
    }
    alternate_stack(const alternate_stack&) = delete;
    alternate_stack& operator=(const alternate_stack&) = delete;

private:
    void* base_ = nullptr;
};

constinit std::array<chained_handler, 2> handlers{chained_handler{SIGSEGV}, chained_handler{SIGBUS}};

// The fiber that runs on this thread, if the address lies in the guard page below its stack.
const fiber_record* fiber_that_overflowed(const void* address) noexcept {
    const scheduler_core* core = current_core();
    if (core == nullptr || core->running == nullptr) return nullptr;
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    const auto base = reinterpret_cast<std::uintptr_t>(core->running->stack.base);
    const auto guard = core->running->pool != nullptr ? core->running->pool->slot() - core->running->stack.size : 0;
    return at < base && at >= base - guard ? core->running : nullptr;
}

// Endless recursion repeats one frame, or a few: a run of equal ones is shown once, and the middle of a long list is left out.
void show_frames(void* const* frames, std::size_t count) noexcept {
    std::size_t shown = 0;
    for (std::size_t i = 0; i != count;) {
        std::size_t repeats = 1;
        while (i + repeats != count && frames[i + repeats] == frames[i]) ++repeats;
        if (shown++ < frames_shown || count - i <= frames_shown) {
            ::backtrace_symbols_fd(frames + i, 1, STDERR_FILENO);
            if (repeats > 1) signal_text{STDERR_FILENO} << "  ... " << std::uint64_t{repeats} << " times\n";
        } else if (shown == frames_shown + 1) {
            signal_text{STDERR_FILENO} << "  ...\n";
        }
        i += repeats;
    }
}

void tell(const fiber_record& fiber, const void* address) noexcept {
    {
        signal_text out{STDERR_FILENO};
        out << "corun: stack overflow: fiber ";
        if (!fiber.name.empty()) out << "'" << fiber.name << "' ";
        out << "#" << fiber.id << " ran into the guard page of its stack of " << std::uint64_t{fiber.pool->slot()}
            << " bytes, at address " << address << "\n  spawned at " << fiber.spawned_at << ", yielded last at " << fiber.where
            << "\n  a larger one: corun::spawn({.stack_size = ...}, ...); its frames, the innermost first:\n";
    }
    static std::array<void*, 16 * 1024> frames;  // too large for the alternate stack; there is one last report of a process
    show_frames(frames.data(), static_cast<std::size_t>(::backtrace(frames.data(), static_cast<int>(frames.size()))));
}

void on_fault(int number, siginfo_t* info, void*) {
    const int error_number = errno;
    const fiber_record* fiber = info->si_code > 0 ? fiber_that_overflowed(info->si_addr) : nullptr;
    if (fiber != nullptr) tell(*fiber, info->si_addr);
    for (const chained_handler& handler : handlers)
        if (handler.number() == number) handler.pass_on(*info);
    errno = error_number;
}

}  // namespace

void need_alternate_stack() noexcept { static thread_local alternate_stack mine; }

}  // namespace detail

void report_overflows() {
    static std::once_flag once;
    std::call_once(once, [] {
        std::array<void*, 1> frame;
        ::backtrace(frame.data(), 1);  // loads the unwinder now: later, memory may be what is missing
        detail::need_alternate_stack();
        for (detail::chained_handler& handler : detail::handlers) handler.install(detail::on_fault);
        detail::observe(detail::observer::signals, true);
    });
}

}  // namespace corun
