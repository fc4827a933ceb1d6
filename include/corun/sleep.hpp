// Waiting for a time.
#pragma once

#include <corun/detail/timer_node.hpp>
#include <corun/operation.hpp>

#include <chrono>
#include <source_location>

namespace corun {

/// The clock of sleeps and deadlines.
using clock = std::chrono::steady_clock;

/// An operation without a value that is ready once its time has come. A time that has passed gives the others one turn.
class [[nodiscard]] sleep_operation : detail::timer_node {
public:
    explicit sleep_operation(clock::time_point until) noexcept : until_{until} {}
    sleep_operation(sleep_operation&& other) noexcept : until_{other.until_} {}  // before it starts
    ~sleep_operation();

    [[nodiscard]] bool ready() const noexcept { return expired_; }
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(detail::fiber_record& fiber);
    [[nodiscard]] bool cancel() noexcept;
    void get() const noexcept {}

private:
    void expired() noexcept override;

    clock::time_point until_;
    detail::fiber_record* sleeper_ = nullptr;  // parked here while the timer is set
    bool expired_ = false;
};

/// Sleeps until a time of the steady clock; time_point::max() is never.
[[nodiscard]] inline sleep_operation sleep_until(clock::time_point time) noexcept { return sleep_operation{time}; }

namespace detail {
[[nodiscard]] clock::time_point after(clock::duration span) noexcept;  // saturates
}

/// Sleeps for a span, counted from this call. Any duration type; saturates at the ends of the clock, so duration::max() is for ever.
template <class Rep, class Period>
[[nodiscard]] sleep_operation sleep_for(std::chrono::duration<Rep, Period> span) noexcept {
    using seconds = std::chrono::duration<double>;
    constexpr auto longest = clock::duration::max();
    if (seconds{span} >= seconds{longest}) return sleep_until(clock::time_point::max());
    if (seconds{span} <= seconds::zero()) return sleep_until(clock::time_point::min());
    return sleep_until(detail::after(std::chrono::duration_cast<clock::duration>(span)));
}

}  // namespace corun
