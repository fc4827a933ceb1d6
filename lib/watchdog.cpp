#include <corun/watchdog.hpp>

#include "interrupt.hpp"
#include "observers.hpp"
#include "roster.hpp"
#include "scheduler_impl.hpp"
#include "snapshot.hpp"

#include <corun/clock.hpp>

#include <execinfo.h>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <iomanip>
#include <iostream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace corun {
namespace detail {
namespace {

// How long a thread may take to notice the signal.
constexpr patience for_the_signal{500};
// The handler that looks, the one that was installed, and where the kernel returns to.
constexpr std::size_t frames_of_ours = 3;

// Filled on the thread that runs the fiber, in a signal handler: allocates nothing.
struct look {
    scheduler_impl& at;
    std::int64_t began;
    bool is_same_run = false;
    bool is_fiber = false;
    fiber_view fiber{};
    std::array<void*, 48> frames{};
    std::size_t count = 0;

    void take() noexcept {
        is_same_run = at.runs.run_began.load(std::memory_order_relaxed) == began;
        is_fiber = at.running != nullptr;
        if (!is_same_run) return;
        if (is_fiber) view(*at.running, true, fiber);
        count = static_cast<std::size_t>(::backtrace(frames.data(), static_cast<int>(frames.size())));
    }
};

long_run describe(const look& seen, bool was_seen, std::int64_t now) {
    long_run found;
    found.so_far = std::chrono::nanoseconds{now - seen.began};
    if (!was_seen) return found;
    found.is_known = true;
    if (seen.is_fiber) {
        found.id = seen.fiber.id;
        found.name = seen.fiber.name;
        found.last_yield = seen.fiber.where;
        found.spawned_at = seen.fiber.spawned_at;
    }
    for (std::size_t i = std::min(frames_of_ours, seen.count); i != seen.count; ++i)
        found.frames.push_back(describe_frame(seen.frames[i]));
    return found;
}

std::atomic<bool> is_watched{false};

}  // namespace
}  // namespace detail

struct watchdog::monitor {
    explicit monitor(watchdog_options o) : options{std::move(o)}, thread{[this] { watch(); }} {}
    ~monitor() {
        {
            const std::lock_guard hold{lock};
            ends = true;
        }
        news.notify_all();
        thread.join();
    }

    void watch() {
        std::unique_lock hold{lock};
        while (!news.wait_for(hold, options.limit / 4, [this] { return ends; }))
            for (const auto& scheduler : detail::all_schedulers()) look_at(*scheduler);
    }

    void look_at(detail::scheduler_impl& scheduler) {
        const std::int64_t began = scheduler.runs.run_began.load(std::memory_order_relaxed);
        if (began == 0 || clock::now().time_since_epoch().count() - began < options.limit.count()) return;
        std::int64_t& reported = last_reported[&scheduler];
        if (std::exchange(reported, began) == began) return;
        detail::look seen{scheduler, began};
        const bool was_seen = detail::look_from_its_thread(
            scheduler, detail::for_the_signal, [](void* l) noexcept { static_cast<detail::look*>(l)->take(); }, &seen);
        if (was_seen && !seen.is_same_run) return;  // it has come to a yield just now
        if (options.on_long_run) options.on_long_run(describe(seen, was_seen, clock::now().time_since_epoch().count()));
    }

    const watchdog_options options;
    std::map<const detail::scheduler_impl*, std::int64_t> last_reported;  // when the run began; addresses are only compared
    std::mutex lock;
    std::condition_variable news;
    bool ends = false;
    std::thread thread;
};

watchdog::watchdog(watchdog_options options) {
    if (options.limit < std::chrono::microseconds{100})
        throw std::logic_error{"corun: the limit of a watchdog must be at least 100 µs"};
    if (detail::is_watched.exchange(true)) throw std::logic_error{"corun: there is a watchdog already"};
    try {
        monitor_ = std::make_unique<monitor>(std::move(options));
        detail::need_alternate_stack();
        detail::observe(detail::observer::signals, true);  // its interruptions need room that a fiber's stack may not have
        detail::watch_yields(true);
    } catch (...) {
        monitor_.reset();
        detail::is_watched = false;
        throw;
    }
}

watchdog::~watchdog() {
    monitor_.reset();
    try {
        detail::watch_yields(false);
    } catch (...) {
        // Without memory to list the schedulers: fibers that live now go on to read the clock.
    }
    detail::is_watched = false;
}

run_lengths watchdog::lengths() const {
    run_lengths all;
    for (const auto& scheduler : detail::all_schedulers())
        for (std::size_t i = 0; i != run_lengths::buckets; ++i)
            all.runs[i] += static_cast<std::uint64_t>(scheduler->runs.runs[i].load(std::memory_order_relaxed));
    return all;
}

std::uint64_t run_lengths::count() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : runs) sum += n;
    return sum;
}

std::chrono::nanoseconds run_lengths::quantile(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count())));
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i != buckets; ++i)
        if ((sum += runs[i]) >= wanted && sum != 0) return std::chrono::nanoseconds{std::int64_t{1} << i};
    return {};
}

std::ostream& operator<<(std::ostream& out, const run_lengths& lengths) {
    for (std::size_t i = 0; i != run_lengths::buckets; ++i)
        if (lengths.runs[i] != 0)
            out << "  shorter than " << std::setw(12) << static_cast<double>(std::int64_t{1} << i) / 1000
                << " us: " << lengths.runs[i] << '\n';
    return out;
}

void report_long_run(const long_run& found) {
    std::ostream& out = std::cerr;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(found.so_far).count();
    out << "corun: watchdog: ";
    if (!found.is_known)
        out << "a fiber, on a thread that cannot be interrupted,";
    else if (found.id == 0)
        out << "a function that a scheduler runs";
    else
        out << "fiber #" << found.id << (found.name.empty() ? "" : " '" + found.name + "'");
    out << " has run for " << ms << " ms without a yield\n";
    if (found.id != 0)
        out << "  spawned at " << detail::describe(found.spawned_at) << ", yielded last at " << detail::describe(found.last_yield)
            << "; where it is now, the innermost first:\n";
    for (const std::string& frame : found.frames) out << "    " << frame << '\n';
    out << std::flush;
}

}  // namespace corun
