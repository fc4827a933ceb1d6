#include "scheduler_impl.hpp"

#include <corun/sleep.hpp>

#include <algorithm>
#include <utility>

namespace corun {

void sleep_operation::start_on(detail::fiber_record& fiber) {
    detail::scheduler_impl& scheduler = detail::impl_of(*fiber.owner);
    bool is_ahead = scheduler.wakes_before(until_);
    if (std::exchange(is_span_, false)) {
        is_ahead = true;
        until_ = detail::after(until_.time_since_epoch(), scheduler.look_at_clock());
    }
    if (until_ == clock::time_point::max()) return;  // for ever: only cancellation ends it
    if (!is_ahead && until_ <= scheduler.look_at_clock()) {
        // It is over; the others get a turn, and those whose times came before this one get theirs before.
        expired_ = true;
        scheduler.expire_timers(until_);
        detail::give_way(fiber);
        return;
    }
    scheduler.add_timer(*this, until_);
    sleeper_ = &fiber;
}

bool sleep_operation::starts_now() {
    start_on(*sleeper_);
    return expired_;
}

void sleep_operation::describe_wait(detail::wait_info& info) const noexcept {
    if (until_ == clock::time_point::max()) {
        info.say("sleep for ever");
        return;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until_ - clock::now()).count();
    info.say("sleep, ms left: ", static_cast<std::uint64_t>(std::max<decltype(left)>(left, 0)));
}

void sleep_operation::expired() noexcept {
    expired_ = true;
    detail::make_ready(*sleeper_);
}

}  // namespace corun
