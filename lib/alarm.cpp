// Asio's timer, of which a scheduler has one: set for the earliest of its own.
#include "kept_errno.hpp"
#include "scheduler_impl.hpp"

#include <boost/asio/bind_allocator.hpp>

#include <algorithm>
#include <chrono>

namespace corun::detail {
namespace {

// How much later than asked a timer may expire so that close ones expire together: what Linux allows itself for a thread's sleeps
// (prctl(2), PR_SET_TIMERSLACK); and a thousandth, as it does in poll(2), where nobody waits for a shorter time.
constexpr std::chrono::microseconds slack{50};
constexpr std::chrono::microseconds slack_of_long_ones = std::chrono::microseconds{timer_queue::long_span} / 1000;

}  // namespace

void scheduler_impl::expire_timers(timer_queue::time_point until) noexcept {
    while (timer_node* node = timers.take_expired(until)) node->expired();
}

// Asio's timer is set here and now, not at the drive's end: an event loop that is run on a fiber by mistake is found out by it.
void scheduler_impl::add_timer(timer_node& node, timer_queue::time_point when) {
    timers.add(node, when, when >= not_after_now() + timer_queue::long_span);
    if (when >= armed_for) return;
    try {
        if (!is_dying() && simulated == nullptr) arm_timer();
    } catch (...) {
        timers.remove(node);
        throw;
    }
}

// Asio's timer is set only to an earlier time: when the earliest timer is withdrawn it goes off once for nothing, which costs less
// than setting it anew for each deadline that does not fire.
void scheduler_impl::arm_timer() {
    if (timers.empty()) return;
    const timer_queue::time_point earliest = timers.earliest();
    const timer_queue::time_point when = std::max(earliest, last_expiry_ + (timers.all_are_long() ? slack_of_long_ones : slack));
    if (when >= armed_for) return;
    if (!timer_) {
        const kept_errno of_the_fiber;
        timer_.emplace(executor);
    }
    timer_->expires_at(when);
    timer_->async_wait(boost::asio::bind_allocator(
        block_allocator<void>{timer_block_}, [self = boost::intrusive_ptr<scheduler_impl>{this}](boost::system::error_code ec) {
            if (ec) return;
            set_bits(self->due_, timer_due);
            self->drive();
        }));
    armed_for = when;
}

}  // namespace corun::detail
