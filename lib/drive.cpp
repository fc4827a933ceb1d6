// Running fibers: who gets in, what a drive does, how the next one comes about.
#include "measured_drive.hpp"
#include "observers.hpp"
#include "probes.hpp"
#include "scheduler_impl.hpp"
#include "tracer.hpp"

#include <corun/clock.hpp>
#include <corun/detail/steps.hpp>
#include <corun/error.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>

#include <time.h>
#include <algorithm>
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

bool scheduler_impl::try_enter() noexcept { return !swap_in(owned_, true); }

bool scheduler_impl::has_work() const noexcept {
    return !ready.empty() || taken_ != nullptr || lost_ != nullptr || inbox_.load(std::memory_order_seq_cst) != nullptr ||
           timer_due_.load(std::memory_order_seq_cst) || descriptors_due_.load(std::memory_order_seq_cst);
}

// The owner goes. Either a drive is posted that will look at what is left, or nothing is left. The store to owned_ comes before
// the last look: whoever failed to enter before it has already published what he came for.
void scheduler_impl::leave() noexcept {
    boost::intrusive_ptr<scheduler_impl> last;  // giving back may leave this as the only one
    if (spare_references_ != 0 && (live == 0 || spare_references_ > 1024)) {
        last = this;
        references.fetch_sub(std::exchange(spare_references_, 0), std::memory_order_acq_rel);
    }
    for (;;) {
        const bool work = has_work();
        if (work) post_drive();
        put(owned_, false);
        if (posted_.load(std::memory_order_seq_cst) || is_dying()) return;
        if (!work && inbox_.load(std::memory_order_seq_cst) == nullptr && !timer_due_.load(std::memory_order_seq_cst) &&
            !descriptors_due_.load(std::memory_order_seq_cst))
            return;
        if (!try_enter()) return;
    }
}

// At most one drive is on its way at a time.
void scheduler_impl::post_drive() noexcept {
    if (is_dying() || swap_in(posted_, true)) return;
    if (is_observed(observer::yields)) runs.asked_for.store(nanoseconds_now(), std::memory_order_relaxed);
    namespace execution = boost::asio::execution;
    auto handler = [self = boost::intrusive_ptr<scheduler_impl>{this}] {
        put(self->posted_, false);
        self->drive();
    };
    const auto soon = [](const auto& plain) {
        return boost::asio::prefer(boost::asio::require(plain, execution::blocking.never), execution::relationship.continuation);
    };
    if (own_executor_ != nullptr)
        boost::asio::prefer(soon(*own_executor_), execution::allocator(block_allocator<void>{drive_block_}))
            .execute(std::move(handler));
    else
        soon(executor).execute(std::move(handler));  // without memory for this nothing could go on: it ends the process
}

void scheduler_impl::push(inbox_node& node) noexcept {
    inbox_node* first = inbox_.load(std::memory_order_relaxed);
    do node.next = first;
    while (!inbox_.compare_exchange_weak(first, &node, std::memory_order_seq_cst, std::memory_order_relaxed));
    knock();
}

// Makes sure that what was just published is looked at.
void scheduler_impl::knock() noexcept {
    if (is_dying()) {
        news_for_the_dying();
        return;
    }
    if (posted_.load(std::memory_order_seq_cst)) return;
    if (try_enter()) leave();
}

void scheduler_impl::take_inbox() {
    for (;;) {
        if (taken_ == nullptr) {
            inbox_node* last = swap_in<inbox_node*>(inbox_, nullptr);
            while (last != nullptr) {  // reverse: first come, first served
                inbox_node* next = last->next;
                last->next = taken_;
                taken_ = last;
                last = next;
            }
            if (taken_ == nullptr) return;
        }
        inbox_node& node = *taken_;
        taken_ = node.next;
        node.take(node, *this);  // may throw what a user's function throws; the rest stays in taken_
    }
}

// A plain handler: on the loop's stack, called by Asio.
void scheduler_impl::drive() {
    if (scheduler_core* outer = current_core(); outer != nullptr && outer->running != nullptr) {
        // Only an event loop that was run on a fiber brings us here. If it is one of ours, its drive posts the next one.
        if (outer != this) knock();
        throw switch_forbidden{"corun: an event loop was run on fiber " + detail::describe(*outer->running) +
                               "; run it on a plain thread, or use corun::yield to wait"};
    }
    if (!try_enter()) return;
    const entered inside{*this};
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
    settle();
}

void scheduler_impl::begin_drive() noexcept {
    budget = switches_per_drive;
    places = places_of_this_thread();
    strand_at_entry = innermost_strand(places);
#if defined(CORUN_SANITIZED)
    describe_thread_stack(loop);
#endif
}

// In the handler of an operation that a fiber waited for, which could only ask for a drive: this is one, without another way
// through the event loop. Not where the handler was called by anybody but this context's loop, nor in a strand, which the fibers
// would seem to run in. What runs users' functions is left to a drive that is posted: what they throw must meet nobody but `run`.
void scheduler_impl::go_on_here() {
    if (ready.empty() || own_executor_ == nullptr || is_transient || simulated != nullptr || is_dying()) return;
    if (posted_.load(std::memory_order_relaxed) || !own_executor_->running_in_this_thread()) return;
    begin_drive();
    if (strand_at_entry != 0) return;
    const measured_drive measured{*this};
    coarse_now = std::max(coarse_now, coarse_nanoseconds_now());
    run_fibers();
    settle();
}

// The handler of our own descriptor.
void scheduler_impl::descriptors_are_due() {
    put(descriptors_due_, true);
    drive();
}

void scheduler_impl::poll_events() noexcept {
    timers.begin_spans();
    if (swap_in(timer_due_, false)) {
        armed_for = timer_queue::time_point::max();
        last_expiry_ = look_at_clock();
        expire_timers(last_expiry_);
    } else if (simulated == nullptr) {
        coarse_now = std::max(coarse_now, coarse_nanoseconds_now());
    }
    if (swap_in(descriptors_due_, false)) {
        descriptors.was_told();
        descriptors.poll();
    }
}

// Switches from fiber to fiber until none is runnable or the budget is used up; then the last one comes back here.
void scheduler_impl::run_fibers() {
    heed_probes();
    if (is_observed(observer::turns)) [[unlikely]] {
        run_traced_fibers();
        return;
    }
    while (!ready.empty() && spend()) {
        ready_entry next = ready.pop();
        if (next.sp == nullptr && (next.sp = continuation(*this, next.fiber, next.fiber)) == nullptr) continue;
        running = next.fiber;
        jump(places, next.sp, &loop_sp, &loop, next.fiber->stack);
    }
}

// Prepares the next wake-up from outside, at the end of a drive.
void scheduler_impl::settle() {
    if (live == 0 && known_descriptors.waiting == 0 && !has_work()) {
        quiesce();
        if (is_transient) forget_transient(*this);
        return;
    }
    if (const std::uint64_t ended = spawned - live;
        std::exchange(ended_before_, ended) != ended && !trim_.is_waiting() &&
        std::any_of(pools_.begin(), pools_.end(), [](const auto& pool) { return pool->has_surplus(); }))
        add_timer(trim_, clock::now() + std::chrono::seconds{1});
    timers.begin_spans();
    if (armed_for == timer_queue::time_point::max() && !timers.empty()) arm_timer();
    descriptors.arm_if_needed();
    if (ready.empty() && known_descriptors.waiting == 0 && !stalls.is_content()) stalls.look();
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
