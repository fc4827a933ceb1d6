#include <corun/metrics.hpp>

#include "observers.hpp"
#include "roster.hpp"
#include "scheduler_impl.hpp"
#include "thread_use.hpp"

#include <corun/detail/wait_info.hpp>

#include <limits>
#include <locale>
#include <ostream>
#include <sstream>
#include <string_view>

namespace corun {
namespace detail {
namespace {

std::chrono::nanoseconds time_of(const run_meter::figure& figure) noexcept {
    return std::chrono::nanoseconds{figure.load(std::memory_order_relaxed)};
}

void look(const scheduler_impl& scheduler, scheduler_metrics& to) {
    to.live = scheduler.live;
    to.ready = scheduler.ready.size();
    for (const fiber_record* f = scheduler.first_live; f != nullptr; f = f->following)
        if (is_parked(f->state)) ++to.waiting[f->waits_for != nullptr ? f->waits_for->name : "unknown"];
    to.spawned = scheduler.spawned;
    to.switches = scheduler.ready.taken();
    to.waits = scheduler.waits;
    to.cancellations = scheduler.cancellations;
    scheduler.count_stacks(to.stacks_in_use, to.stacks_cached);
}

scheduler_metrics take(scheduler_impl& scheduler, patience wait) {
    scheduler_metrics result;
    scheduler_metrics seen;
    result.is_complete = look_inside(scheduler, wait, [&] { look(scheduler, seen); });
    if (result.is_complete) result = std::move(seen);
    result.scheduler = scheduler.number;
    result.in_fibers = time_of(scheduler.runs.inside);
    result.elsewhere = time_of(scheduler.runs.outside);
    result.last_lag = time_of(scheduler.runs.last_lag);
    result.longest_lag = time_of(scheduler.runs.longest_lag);
    const std::uint64_t thread = scheduler.runs.thread.load(std::memory_order_relaxed);
    if (const thread_use use = use_of_thread(thread); use.is_known) {
        result.thread = thread;
        result.thread_user = use.user;
        result.thread_kernel = use.kernel;
        result.thread_age = use.age;
    }
    for (std::size_t i = 0; i != run_lengths::buckets; ++i)
        result.runs.runs[i] = static_cast<std::uint64_t>(scheduler.runs.runs[i].load(std::memory_order_relaxed));
    return result;
}

// A label's value (Prometheus documentation, "Text-based format").
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\n') {
            result += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') result += '\\';
        result += c;
    }
    return result;
}

double seconds(std::chrono::nanoseconds span) { return std::chrono::duration<double>{span}.count(); }

class prometheus {
public:
    explicit prometheus(const std::vector<scheduler_metrics>& all) : all_{all} {
        out_.imbue(std::locale::classic());
        out_.precision(std::numeric_limits<double>::digits10);
    }
    [[nodiscard]] std::string_view text() const noexcept { return out_.view(); }

    template <class Value>
    void write(const char* name, const char* type, const char* help, Value value) {
        head(name, type, help);
        for (const scheduler_metrics& m : all_) out_ << "corun_" << name << label(m) << "} " << value(m) << '\n';
    }
    void write_waiting() {
        head("fibers_waiting", "gauge", "Fibers that wait, by what for.");
        for (const scheduler_metrics& m : all_)
            for (const auto& [cause, count] : m.waiting)
                out_ << "corun_fibers_waiting" << label(m) << ",cause=\"" << escaped(cause) << "\"} " << count << '\n';
    }
    void write_threads() {
        head("thread_cpu_seconds_total", "counter", "Processor time of the thread that ran the scheduler last, by where.");
        for (const scheduler_metrics& m : all_) {
            if (m.thread == 0) continue;
            const std::string thread = "corun_thread_cpu_seconds_total" + label(m) + ",thread=\"" + std::to_string(m.thread) + '"';
            out_ << thread << ",mode=\"user\"} " << seconds(m.thread_user) << '\n'
                 << thread << ",mode=\"kernel\"} " << seconds(m.thread_kernel) << '\n';
        }
        head("thread_seconds_total", "counter", "Time since that thread began; without its processor time: how long it was idle.");
        for (const scheduler_metrics& m : all_)
            if (m.thread != 0)
                out_ << "corun_thread_seconds_total" << label(m) << ",thread=\"" << m.thread << "\"} " << seconds(m.thread_age)
                     << '\n';
    }
    void write_runs() {
        head("run_seconds", "histogram", "Runs of fibers, from one yield to the next.");
        for (const scheduler_metrics& m : all_) {
            std::uint64_t below = 0;
            double sum = 0;
            for (std::size_t i = 0; i != run_lengths::buckets; ++i) {
                below += m.runs.runs[i];
                if (i >= 10 && i + 1 != run_lengths::buckets && i % 3 == 1)  // from a microsecond, by eights
                    out_ << "corun_run_seconds_bucket" << label(m) << ",le=\"" << static_cast<double>(std::int64_t{1} << i) / 1e9
                         << "\"} " << below << '\n';
            }
            sum = seconds(m.in_fibers);
            out_ << "corun_run_seconds_bucket" << label(m) << ",le=\"+Inf\"} " << below << '\n'
                 << "corun_run_seconds_sum" << label(m) << "} " << sum << '\n'
                 << "corun_run_seconds_count" << label(m) << "} " << below << '\n';
        }
    }

private:
    static std::string label(const scheduler_metrics& m) { return "{scheduler=\"" + std::to_string(m.scheduler) + "\""; }
    void head(const char* name, const char* type, const char* help) {
        out_ << "# HELP corun_" << name << ' ' << help << "\n# TYPE corun_" << name << ' ' << type << '\n';
    }

    std::ostringstream out_;  // whatever locale and flags the user's has
    const std::vector<scheduler_metrics>& all_;
};

}  // namespace

void scheduler_impl::count_stacks(std::size_t& in_use, std::size_t& cached) const noexcept {
    for (const auto& pool : pools_) {
        cached += pool->unused();
        in_use += pool->carved() - pool->unused();
    }
}

}  // namespace detail

std::vector<scheduler_metrics> metrics(std::chrono::milliseconds patience) {
    std::vector<scheduler_metrics> all;
    for (const auto& scheduler : detail::all_schedulers())
        all.push_back(detail::take(*scheduler, detail::patience{static_cast<int>(patience.count())}));
    return all;
}

run_times::run_times() { detail::watch_yields(true); }
run_times::~run_times() {
    try {
        detail::watch_yields(false);
    } catch (...) {
        // Without memory to list the schedulers: fibers that live now go on to read the clock.
    }
}

void write_prometheus(std::ostream& out, const std::vector<scheduler_metrics>& all) {
    using m = scheduler_metrics;
    detail::prometheus to{all};
    to.write("fibers_live", "gauge", "Fibers spawned and not ended.", [](const m& s) { return s.live; });
    to.write("fibers_ready", "gauge", "Fibers that are runnable and do not run.", [](const m& s) { return s.ready; });
    to.write_waiting();
    to.write("fibers_spawned_total", "counter", "Fibers ever spawned.", [](const m& s) { return s.spawned; });
    to.write("switches_total", "counter", "Switches to a fiber.", [](const m& s) { return s.switches; });
    to.write("waits_total", "counter", "Operations that made their fiber wait.", [](const m& s) { return s.waits; });
    to.write("cancellations_total", "counter", "Fibers cancelled as a whole.", [](const m& s) { return s.cancellations; });
    to.write("stacks_in_use", "gauge", "Stacks of fibers that have begun.", [](const m& s) { return s.stacks_in_use; });
    to.write("stacks_cached", "gauge", "Stacks kept for the next fibers.", [](const m& s) { return s.stacks_cached; });
    to.write("fiber_seconds_total", "counter", "Time in fibers, system calls included.",
             [](const m& s) { return detail::seconds(s.in_fibers); });
    to.write("loop_seconds_total", "counter", "Time between turns of the fibers: idle, in the event loop and its other handlers.",
             [](const m& s) { return detail::seconds(s.elsewhere); });
    to.write_threads();
    to.write("loop_lag_seconds", "gauge", "How late the scheduler was run, the last time.",
             [](const m& s) { return detail::seconds(s.last_lag); });
    to.write("loop_lag_longest_seconds", "gauge", "How late it was run, the longest so far.",
             [](const m& s) { return detail::seconds(s.longest_lag); });
    to.write("snapshot_complete", "gauge", "0: a fiber did not yield, and most figures are missing.",
             [](const m& s) { return int{s.is_complete}; });
    to.write_runs();
    out << to.text();
}

}  // namespace corun
