#include "scheduler_impl.hpp"

#include <corun/detail/scope.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <stop_token>
#include <utility>

namespace corun::detail {
namespace {

// Called also where an exception leaves the scope and will have been caught by the next yield.
void refresh_alert(fiber_record& fiber) noexcept {
    if (cancellation_view{fiber, fiber.innermost, 0}.exists)
        fiber.alerts |= alert_cancelled;
    else
        fiber.alerts &= static_cast<std::uint8_t>(~alert_cancelled);
}

}  // namespace

scope::scope(fiber_record& self, scope_kind kind, std::source_location where) noexcept
    : fiber_{self},
      outer_{self.innermost},
      where_{where},
      unwinding_{std::uncaught_exceptions()},
      thrown_before_{self.cancellations_thrown},
      kind_{kind} {
    std::atomic_signal_fence(std::memory_order_release);  // a dump may interrupt the fiber anywhere
    self.innermost = this;
}

scope::~scope() {
    impl_of(*fiber_.owner).timers.remove(*this);
    fiber_.innermost = outer_;
    if (cancelled_) fiber_.cancellations_thrown = thrown_before_;
    if (cancelled_ || shields_) refresh_alert(fiber_);
}

void scope::cancel(cancel_reason reason) noexcept {
    if (std::exchange(cancelled_, true)) return;
    reason_ = reason;
    show_cancellation(fiber_, this);
}

void scope::expire_at(clock::time_point deadline) {
    deadline_ = deadline;
    if (deadline == clock::time_point::max()) return;
    if (deadline <= clock::now())
        cancel(cancel_reason::deadline);
    else
        impl_of(*fiber_.owner).add_timer(*this, deadline);
}

void scope::shield_for(clock::duration grace) noexcept {
    const bool is_late = cancellation_view{fiber_, outer_, unwinding_}.exists;
    shields_ = true;
    grace_ = grace;
    refresh_alert(fiber_);
    if (is_late) begin_grace();
}

// Without memory for the timer the grace is over at once: a cancellation is never lost.
void scope::begin_grace() noexcept {
    if (is_waiting() || !hides_outer()) return;
    deadline_ = after(std::max(grace_, clock::duration::zero()));
    if (deadline_ == clock::time_point::max()) return;
    try {
        if (grace_ > clock::duration::zero()) {
            impl_of(*fiber_.owner).add_timer(*this, deadline_);
            return;
        }
    } catch (...) {
    }
    expired();
}

void scope::expired() noexcept {
    if (!shields_) {
        cancel(cancel_reason::deadline);
        return;
    }
    lets_through_ = true;
    show_cancellation(fiber_, this);
}

cancellation_view::cancellation_view(const fiber_record& fiber, const scope* innermost, int unwinding) noexcept {
    for (const scope* s = innermost; s != nullptr; s = s->outer_) {
        if (s->unwinding_ < unwinding) return;
        if (s->cancelled_) {
            exists = true;
            source = s;
        }
        if (s->hides_outer()) return;
    }
    if (!fiber.is_cancelled || fiber.is_leaving || unwinding != 0) return;
    exists = true;
    source = nullptr;
}

void show_cancellation(fiber_record& fiber, scope* source) noexcept {
    touches(name_of_fiber(fiber.id), access::write);
    const int unwinding = source != nullptr ? source->unwinding_ : 0;
    const std::uint8_t limit =
        source != nullptr ? std::uint8_t{stop_terminal} : fiber.hardest_request.load(std::memory_order_relaxed);
    scope* shield = nullptr;  // the outermost that holds
    for (scope* s = fiber.innermost; s != source; s = s->outer_)
        if (s->hides_outer()) shield = s;
    if (shield != nullptr) {
        shield->begin_grace();
    } else {
        fiber.alerts |= alert_cancelled;
        allow_harder(fiber, limit);
        make_ready(fiber);
    }
    for (scope* s = shield != nullptr ? shield->outer_ : fiber.innermost; s != source; s = s->outer_) {
        if (s->unwinding_ != unwinding) continue;
        // Its deadline can ask for nothing more, and may keep a dying context waiting.
        if (limit == stop_terminal) impl_of(*fiber.owner).timers.remove(*s);
        s->stop_.request_stop();
    }
    (source != nullptr ? source->stop_ : fiber.stop).request_stop();
}

std::stop_token innermost_token(fiber_record& fiber) {
    std::stop_source& stop = fiber.innermost != nullptr ? fiber.innermost->stop_ : fiber.stop;
    if (!stop.stop_possible()) {
        std::optional<std::stop_source> fresh;  // g++ 12 takes the constructor of a plain local for a use before it
        stop = fresh.emplace();
        if (cancellation_view{fiber, fiber.innermost, std::uncaught_exceptions()}.exists) stop.request_stop();
    }
    return stop.get_token();
}

bool may_be_cut_short(const fiber_record& fiber) noexcept {
    for (const scope* s = fiber.innermost; s != nullptr; s = s->outer_)
        if (s->is_remote_) return true;
    return cancellation_view{fiber, fiber.innermost, 0}.exists || effective_deadline(fiber) != clock::time_point::max();
}

clock::time_point effective_deadline(const fiber_record& fiber) noexcept {
    clock::time_point earliest = clock::time_point::max();
    for (const scope* s = fiber.innermost; s != nullptr; s = s->outer_) {
        earliest = std::min(earliest, s->deadline_);
        if (s->hides_outer()) return earliest;
    }
    return std::min(earliest, fiber.inherited_deadline);
}

}  // namespace corun::detail
