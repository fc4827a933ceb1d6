#include "scheduler_impl.hpp"

#include <corun/sleep.hpp>

namespace corun {

clock::time_point detail::after(clock::duration span) noexcept {
    const auto now = clock::now();
    return span > clock::time_point::max() - now ? clock::time_point::max() : now + span;
}

sleep_operation::~sleep_operation() { (void)cancel(); }

void sleep_operation::start(waker w) {
    detail::scheduler_impl& scheduler = detail::impl_of(*w.fiber()->owner);
    if (until_ == clock::time_point::max()) return;  // for ever: only cancellation ends it
    if (until_ <= clock::now()) {
        expired_ = true;
        detail::give_way(*w.fiber());  // a loop of sleeps that are over lets the others run
        return;
    }
    scheduler.add_timer(*this, until_);
    scheduler_ = &scheduler;
    waker_.emplace(std::move(w));
}

bool sleep_operation::cancel() noexcept {
    if (scheduler_ != nullptr) scheduler_->timers.remove(*this);
    return true;
}

void sleep_operation::expired() noexcept {
    expired_ = true;
    waker_->wake();
}

}  // namespace corun
