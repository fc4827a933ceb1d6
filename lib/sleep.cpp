#include "scheduler_impl.hpp"

#include <corun/sleep.hpp>

#include <algorithm>

namespace corun {

clock::time_point detail::after(clock::duration span) noexcept {
    const auto now = clock::now();
    return span > clock::time_point::max() - now ? clock::time_point::max() : now + span;
}

sleep_operation::~sleep_operation() { (void)cancel(); }

void sleep_operation::start_on(detail::fiber_record& fiber) {
    if (until_ == clock::time_point::max()) return;  // for ever: only cancellation ends it
    if (until_ <= clock::now()) {
        // It is over; the others get a turn, and those whose times came before this one get theirs before.
        expired_ = true;
        detail::impl_of(*fiber.owner).expire_timers(until_);
        detail::give_way(fiber);
        return;
    }
    detail::impl_of(*fiber.owner).add_timer(*this, until_);
    sleeper_ = &fiber;
}

bool sleep_operation::cancel() noexcept {
    if (sleeper_ != nullptr) detail::impl_of(*sleeper_->owner).timers.remove(*this);
    return true;
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
