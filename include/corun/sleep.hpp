// Waiting for a time.
#pragma once

#include <corun/clock.hpp>
#include <corun/detail/timer_node.hpp>
#include <corun/operation.hpp>

#include <chrono>
#include <source_location>

namespace corun {

/// An operation without a value that is ready once its time has come. A time that has passed gives the others one turn.
class [[nodiscard]] sleep_operation final : detail::timer_node {
public:
    explicit sleep_operation(clock::time_point until) noexcept : until_{until} {}
    explicit sleep_operation(clock::duration span) noexcept
        : until_{span > span.zero() ? clock::time_point{span} : clock::time_point::min()},
          is_span_{span > span.zero() && span < span.max()} {}
    sleep_operation(sleep_operation&& other) noexcept : until_{other.until_}, is_span_{other.is_span_} {}  // before it starts

    [[nodiscard]] bool ready() const noexcept { return expired_; }
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(detail::fiber_record& fiber);
    // In a select, which is likely to withdraw it. False: it is not ready yet.
    CORUN_SWITCH bool start_among(detail::fiber_record& fiber) {
        sleeper_ = &fiber;
        return !(is_span_ && fiber.owner->add_span(*this, until_.time_since_epoch())) && starts_now();
    }
    [[nodiscard]] bool cancel() noexcept {
        leave();
        return true;
    }
    void get() const noexcept {}
    void describe_wait(detail::wait_info& info) const noexcept;

private:
    void leave() noexcept {
        if (is_waiting()) sleeper_->owner->timers.remove(*this);
    }
    bool starts_now();
    void expired() noexcept override;

    clock::time_point until_;  // or, before it starts, the span since the clock's epoch, which is neither nothing nor for ever
    bool is_span_ = false;
    bool expired_ = false;
    detail::fiber_record* sleeper_;  // parked here while the timer is set
};

/// Sleeps until a time of corun::clock; time_point::max() is never. It never ends early. What ends within 50 µs may end
/// together, with the last; within a millisecond, where nobody on the scheduler waits for less than a second.
[[nodiscard]] inline sleep_operation sleep_until(clock::time_point time) noexcept { return sleep_operation{time}; }

namespace detail {

// From now on, or from another time; saturates.
[[nodiscard]] inline clock::time_point after(clock::duration span, clock::time_point begin = clock::now()) noexcept {
    return span > clock::time_point::max() - begin ? clock::time_point::max() : begin + span;
}

// Any duration as one of the clock's; saturates, and less than nothing is nothing.
template <class Rep, class Period>
[[nodiscard]] clock::duration saturated(std::chrono::duration<Rep, Period> span) noexcept {
    using seconds = std::chrono::duration<double>;
    if (seconds{span} >= seconds{clock::duration::max()}) return clock::duration::max();
    if (seconds{span} <= seconds::zero()) return clock::duration::zero();
    return std::chrono::duration_cast<clock::duration>(span);
}

}  // namespace detail

/// Sleeps for a span, counted from when the yield begins to wait; as a case of `select` from then or the next poll for I/O. Any
/// duration type; saturates at the ends of the clock, so duration::max() is for ever.
template <class Rep, class Period>
[[nodiscard]] sleep_operation sleep_for(std::chrono::duration<Rep, Period> span) noexcept {
    return sleep_operation{detail::saturated(span)};
}

}  // namespace corun
