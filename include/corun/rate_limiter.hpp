// So many per second.
#pragma once

#include <corun/detail/wait_list.hpp>
#include <corun/sleep.hpp>

#include <optional>

namespace corun {

/// A token bucket on the scheduler's clock, for fibers of one scheduler: `per_second` tokens flow in, at most `burst` are kept.
/// First come, first served. Any use on another scheduler throws wrong_scheduler. Nothing but the yield on `acquire()` switches.
class rate_limiter {
public:
    class acquire_operation;

    /// The bucket is full at first. Throws std::invalid_argument unless both are positive.
    rate_limiter(double per_second, double burst);
    rate_limiter(const rate_limiter&) = delete;
    rate_limiter& operator=(const rate_limiter&) = delete;

    /// An operation without a value: waits for n tokens and takes them. A cancelled one has taken none, and those behind it move
    /// up.
    /// @param n  from 0 to `burst`, or the call throws std::invalid_argument
    [[nodiscard]] acquire_operation acquire(double n = 1);
    /// Takes n tokens, as many as of `acquire`, if they are there and nobody waits.
    [[nodiscard]] bool try_acquire(double n = 1);

private:
    void refuse_impossible(double n) const;
    void refill();
    void take(double n);
    void wake_first() noexcept;
    [[nodiscard]] clock::time_point when_there_are(double n) const;

    double per_second_;
    double burst_;
    double tokens_;  // at the time of last_; may be negative: see acquire_operation::get
    clock::time_point last_ = clock::time_point::min();
    detail::wait_list waiting_;
    detail::home home_;
};

/// The operation of `rate_limiter::acquire`. The first who waits has an alarm set for when its tokens will be there; the others
/// wait to become the first.
class [[nodiscard]] rate_limiter::acquire_operation : detail::waiter {
public:
    acquire_operation(rate_limiter& l, double n) noexcept : limiter_{&l}, wanted_{n} {}
    acquire_operation(acquire_operation&& other) noexcept
        : acquire_operation{*other.limiter_, other.wanted_} {}  // before it starts

    ~acquire_operation() { leave(); }  // `ready` may have thrown for want of memory

    [[nodiscard]] bool ready();
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(detail::fiber_record& self);
    [[nodiscard]] bool cancel() noexcept;
    void get();

private:
    void leave() noexcept;

    rate_limiter* limiter_;
    double wanted_;
    std::optional<sleep_operation> alarm_;
};

inline bool rate_limiter::try_acquire(double n) {
    refuse_impossible(n);
    refill();
    if (tokens_ < n || waiting_.first() != nullptr) return false;
    take(n);
    return true;
}

}  // namespace corun
