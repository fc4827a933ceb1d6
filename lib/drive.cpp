// Running fibers: what a drive does, and how the next one comes about.
#include "measured_drive.hpp"
#include "observers.hpp"
#include "places.hpp"
#include "probes.hpp"
#include "scheduler_impl.hpp"
#include "tracer.hpp"

#include <corun/clock.hpp>
#include <corun/detail/steps.hpp>
#include <corun/error.hpp>

#include <boost/asio/io_context.hpp>

#include <time.h>
#include <algorithm>
#include <limits>
#include <utility>

namespace corun::detail {
namespace {

// Switches between two polls of I/O. Polling costs about as much as ten switches.
constexpr std::int32_t switches_per_drive = 256;

// As of the kernel's last tick, for what only people read and as a bound: cheaper than the time itself, and never later.
std::int64_t coarse_nanoseconds_now() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

CORUN_SWITCH void scheduler_impl::begin_drive() noexcept {
    budget = switches_per_drive;
    places = places_of_this_thread();
    strand_at_entry = innermost_strand(places);
#if defined(CORUN_SANITIZED)
    describe_thread_stack(loop);
#endif
}

CORUN_SWITCH void scheduler_impl::poll_events() noexcept {
    timers.begin_spans();
    const std::uint8_t due = due_.load(std::memory_order_relaxed) != 0 ? swap_in(due_, std::uint8_t{0}) : 0;
    if ((due & timer_due) != 0) {
        armed_for = timer_queue::time_point::max();
        last_expiry_ = look_at_clock();
        expire_timers(last_expiry_);
    } else if (simulated == nullptr) {
        coarse_now = std::max(coarse_now, coarse_nanoseconds_now());
    }
    if ((due & descriptors_due) != 0) {
        ++spare_references_;
        descriptors.was_told();
        descriptors.poll();
    }
}

// Switches from fiber to fiber until none is runnable or the budget is used up; then the last one comes back here. Each fetches
// what the later ones need.
CORUN_SWITCH void scheduler_impl::run_fibers() {
    if (heed_observers()) [[unlikely]] {
        run_traced_fibers();
        return;
    }
    while (!ready.empty() && spend()) {
        ready_entry next = ready.pop_alone();
        if (next.sp == nullptr && (next.sp = continuation(*this, next.fiber, next.fiber)) == nullptr) continue;
        running = next.fiber;
        jump(places, next.sp, &loop_sp, &loop, next.fiber->stack);
    }
}

// Prepares the next wake-up from outside, at the end of a drive.
CORUN_SWITCH void scheduler_impl::settle_down() {
    if (live == 0 && known_descriptors.waiting == 0 && !has_work()) {
        quiesce();
        if (is_transient) forget_transient(*this);
        return;
    }
    if (std::exchange(some_ended_, false)) trim_later();
    timers.begin_spans();
    if (!timers.empty() && armed_for == timer_queue::time_point::max()) arm_timer();
    if (known_descriptors.waiting != 0)
        descriptors.arm();
    else if (ready.empty() && !stalls.is_content())
        stalls.look();
}

void scheduler_impl::settle() { settle_down(); }

// Where there are stacks to give back.
void scheduler_impl::trim_later() {
    if (!trim_.is_waiting() && std::any_of(pools_.begin(), pools_.end(), [](const auto& pool) { return pool->has_surplus(); }))
        add_timer(trim_, clock::now() + std::chrono::seconds{1});
}

// A plain handler: on the loop's stack, called by Asio.
void scheduler_impl::drive() {
    scheduler_core* const outer = current_core();
    if (outer != nullptr && outer->running != nullptr) {
        // Only an event loop that was run on a fiber brings us here. If it is one of ours, its drive posts the next one.
        if (outer != this) knock();
        throw switch_forbidden{"corun: an event loop was run" + describe_here() +
                               "; run it on a plain thread, or use corun::yield to wait"};
    }
    if (!try_enter()) return;
    const entered inside{*this, outer};
    measured_drive measured{*this};
    begin_drive();
    poll_events();
    if (!asked_.empty()) escalate();
    try {
        do {
            if (taken_ != nullptr || inbox_.load(std::memory_order_relaxed) != nullptr) {
                take_inbox();
                measured.fibers_begin();
            }
            run_fibers();
            if (lost_ != nullptr) hand_over_failures();
            // While these fibers ran, others' descriptors have become ready: without a way through the event loop.
            if (ready.empty() && has_budget() && descriptors.is_busy()) descriptors.poll();
        } while (has_budget() && (!ready.empty() || inbox_.load(std::memory_order_relaxed) != nullptr));
    } catch (...) {
        settle();
        throw;
    }
    settle_down();
}

// In the handler of an operation that a fiber waited for, which could only ask for a drive: this is one, without another way
// through the event loop. Not where the handler was called in a strand, which the fibers would seem to run in. What runs users'
// functions is left to a drive that is posted: what they throw must meet nobody but `run`.
void scheduler_impl::go_on_here() {
    if (ready.empty() || is_transient || simulated != nullptr || is_dying()) return;
    if (posted_.load(std::memory_order_relaxed)) return;
    begin_drive();
    if (strand_at_entry != 0) return;
    const measured_drive measured{*this};
    coarse_now = std::max(coarse_now, coarse_nanoseconds_now());
    run_fibers();
    settle_down();
}

// The handler of our own descriptor, whose reference to this is the owner's from when he looks. He takes over one: a handler that
// was cancelled too late may run beside the next one while another thread is the owner.
void scheduler_impl::descriptors_are_due() {
    boost::intrusive_ptr<scheduler_impl> second;
    if (is_only_thread())
        set_bits(due_, descriptors_due);
    else if ((set_bits(due_, descriptors_due) & descriptors_due) != 0)
        second.reset(this, false);
    drive();
}

void go_on_here(scheduler_core& scheduler) { impl_of(scheduler).go_on_here(); }

// A turn of a drive without a loop around it, to the end.
void scheduler_impl::run_down_once() {
    budget = std::numeric_limits<std::int32_t>::max();
    poll_events();
    take_inbox();
    cancel_all();
    run_fibers();
    hand_over_failures(true);
}

// Without fibers nothing of ours may keep the context running.
void scheduler_impl::quiesce() noexcept {
    timers.remove(trim_);
    stalls.rest();
    if (timer_ && armed_for != timer_queue::time_point::max()) timer_->cancel();
    armed_for = timer_queue::time_point::max();
    descriptors.disarm();
    take_back_left_stack();
    drop_kept_records(false);
    for (const auto& pool : pools_) pool->trim();
    work_ = boost::asio::any_io_executor{};
}

}  // namespace corun::detail
