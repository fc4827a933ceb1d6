#include "observers.hpp"
#include "roster.hpp"
#include "scheduler_impl.hpp"

#include <corun/dump.hpp>
#include <corun/sleep.hpp>

#include <mutex>

namespace corun {
namespace detail {
namespace {

constinit std::mutex watchers_lock;
int watchers = 0;

// Fibers that begin later are marked at their begin; these have begun already.
void mark_all(bool on) {
    for (const auto& scheduler : all_schedulers())
        (void)look_inside(*scheduler, patience{1000}, [&] {
            for (fiber_record* f = scheduler->first_live; f != nullptr; f = f->following) {
                f->alerts = static_cast<std::uint8_t>(on ? f->alerts | alert_observed : f->alerts & ~alert_observed);
                if (!is_parked(f->state)) f->yielded_at = 0;
            }
        });
}

}  // namespace

void observe_yield(fiber_record& self) noexcept {
    self.yielded_at = self.owner->coarse_now = clock::now().time_since_epoch().count();
    impl_of(*self.owner).runs.next_run(self.yielded_at);
}

void observe_end(fiber_record& ended) noexcept {
    if ((ended.alerts & alert_observed) != 0) impl_of(*ended.owner).runs.next_run(clock::now().time_since_epoch().count());
    if ((ended.alerts & alert_holds_lock) != 0) forget_held_locks(ended);
}

void watch_yields(bool on) {
    const std::lock_guard hold{watchers_lock};
    watchers += on ? 1 : -1;
    if (watchers != (on ? 1 : 0)) return;
    if (on)
        for (const auto& scheduler : all_schedulers()) scheduler->runs.forget_begins();
    observe(observer::yields, on);
    mark_all(on);
}

}  // namespace detail

yield_times::yield_times() { detail::watch_yields(true); }
yield_times::~yield_times() {
    try {
        detail::watch_yields(false);
    } catch (...) {
        // Without memory to list the schedulers: fibers that live now go on to read the clock.
    }
}

}  // namespace corun
