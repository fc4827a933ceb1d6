#include <corun/rate_limiter.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

namespace corun {

using seconds = std::chrono::duration<double>;

rate_limiter::rate_limiter(double per_second, double burst) : per_second_{per_second}, burst_{burst}, tokens_{burst} {
    if (!(per_second > 0) || !(burst > 0)) throw std::invalid_argument{"corun: a rate_limiter needs a positive rate and burst"};
}

rate_limiter::acquire_operation rate_limiter::acquire(double n) {
    refuse_impossible(n);
    return {*this, n};
}

// Not a number is neither.
void rate_limiter::refuse_impossible(double n) const {
    if (n >= 0 && n <= burst_) return;
    throw std::invalid_argument{"corun: fewer than none, or more tokens were asked of a rate_limiter than it ever has"};
}

void rate_limiter::refill() {
    home_.check("rate_limiter");
    const auto now = clock::now();
    if (last_ != clock::time_point::min()) tokens_ = std::min(burst_, tokens_ + per_second_ * seconds{now - last_}.count());
    last_ = now;
}

void rate_limiter::take(double n) { tokens_ -= n; }

// A nanosecond later than computed: rounding must not let it be woken too early again and again.
clock::time_point rate_limiter::when_there_are(double n) const {
    const double wait = std::ceil((n - tokens_) / per_second_ * 1e9) + 1;
    return last_ + std::chrono::nanoseconds{static_cast<std::int64_t>(std::min(wait, 1e18))};
}

void rate_limiter::wake_first() noexcept {
    if (detail::waiter* first = waiting_.first()) detail::make_ready(*first->fiber);
}

bool rate_limiter::acquire_operation::ready() {
    rate_limiter& l = *limiter_;
    l.refill();
    const bool waits = state == detail::wait_state::waiting;
    detail::waiter* first = l.waiting_.first();
    if (first != (waits ? this : nullptr)) return false;
    if (l.tokens_ >= wanted_) return true;
    if (waits && (!alarm_ || alarm_->ready())) {
        alarm_.emplace(sleep_until(l.when_there_are(wanted_)));
        alarm_->start_on(*fiber);
    }
    return false;
}

void rate_limiter::acquire_operation::start_on(detail::fiber_record& self) {
    fiber = &self;
    limiter_->waiting_.append(*this);
}

void rate_limiter::acquire_operation::leave() noexcept {
    if (alarm_) (void)alarm_->cancel();
    if (state != detail::wait_state::waiting) return;
    leave_list(detail::wait_state::dropped);
    limiter_->wake_first();
}

bool rate_limiter::acquire_operation::cancel() noexcept {
    leave();
    return true;
}

// Others may have run since `ready`, and taken what was there: the bucket then owes it to the next one who asks.
void rate_limiter::acquire_operation::get() {
    limiter_->take(wanted_);
    leave();
}

}  // namespace corun
