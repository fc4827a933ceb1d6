// Waiting for something that a mutex guards.
#pragma once

#include <corun/mutex.hpp>

#include <concepts>
#include <functional>
#include <utility>

namespace corun {

namespace detail {

struct condition_waiter;
}  // namespace detail

/// Lets fibers of one scheduler wait, without the mutex, until another one says that something has changed. Any use on another
/// scheduler throws wrong_scheduler.
class condition_variable {
public:
    condition_variable() noexcept = default;
    condition_variable(const condition_variable&) = delete;
    condition_variable& operator=(const condition_variable&) = delete;

    /// An operation without a value: releases the guard's mutex, waits for a notification, and has the mutex again when the yield
    /// returns or throws, also when its fiber is cancelled. There are no spurious ends. Not for `select`; in one `race`
    /// or `all` with the mutex's own lock() the fiber would wait for itself.
    /// @param held  owns its mutex
    [[nodiscard]] auto wait(guard<mutex>& held) noexcept;

    /// The same, until `predicate()` is true; it is asked first, and after each notification, while the mutex is held; it must not
    /// yield.
    template <std::predicate Predicate>
    [[nodiscard]] auto wait(guard<mutex>& held, Predicate predicate);

    /// Lets one fiber, the one that waited longest, or all of them, go on as soon as they get the mutex. Neither switches.
    void notify_one();
    void notify_all();

private:
    template <class>
    friend class detail::condition_wait;

    [[nodiscard]] bool notify() noexcept;  // false: nobody waits
    // From this queue to the mutex's: it would be woken in vain while another fiber holds the mutex.
    static void requeue(detail::condition_waiter& w) noexcept;

    detail::wait_list waiting_;
    detail::home home_;
};

namespace detail {

struct condition_waiter : waiter {
    explicit condition_waiter(corun::mutex& m) noexcept : held{&m} {}
    corun::mutex* held;
    bool notified = false;
    bool wants_mutex = false;  // in the mutex's queue, or granted
};

// Its fiber waits in the condition's queue until it is notified, then in the mutex's. The mutex is its own again when it ends,
// however it ends: a cancellation withdraws it only from the first queue, and shows when the mutex has been reacquired.
template <class Predicate>
class [[nodiscard]] condition_wait : condition_waiter {
public:
    condition_wait(condition_variable& c, corun::mutex& m, Predicate p)
        : condition_waiter{m}, condition_{&c}, predicate_{std::move(p)} {}
    condition_wait(condition_wait&& other)  // before it starts
        : condition_wait{*other.condition_, *other.held, std::move(other.predicate_)} {}

    static constexpr bool has_effects_before_its_end = true;

    [[nodiscard]] bool ready() {
        if (!started_) {
            condition_->home_.check("condition_variable");
            return predicate_(*this);  // the mutex is still held
        }
        if (!is_granted()) return false;
        if (interrupted_ || predicate_(*this)) return true;
        wait();
        return false;
    }
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(fiber_record& self) {
        held->home_.check("mutex");
        fiber = &self;
        started_ = true;
        wait();
    }
    // False: it must not end before it has the mutex.
    [[nodiscard]] bool cancel() noexcept {
        if (state == wait_state::orphaned) return true;
        interrupted_ = true;
        if (!wants_mutex) condition_variable::requeue(*this);
        return false;
    }
    static constexpr bool may_wait_for_fibers = true;
    void describe_wait(wait_info& info) const noexcept {
        if (wants_mutex) {
            describe_lock_wait(held->owner_, info);
        } else {
            info.say("condition_variable");
            info.source = wake_source::fibers;
        }
    }
    void get() {
        if (interrupted_ && !predicate_(*this)) throw_cancelled(*fiber);
    }

private:
    void wait() noexcept {
        notified = wants_mutex = false;
        condition_->waiting_.append(*this);
        held->pass_on();
    }

    condition_variable* condition_;
    Predicate predicate_;
    bool started_ = false;
    bool interrupted_ = false;  // by a cancellation, while it waited
};

// The predicate of a wait without one: it ends at the first notification.
struct notified_once {
    bool operator()(const condition_waiter& w) const noexcept { return w.notified; }
};
template <class Predicate>
struct user_predicate {
    bool operator()(const condition_waiter&) { return std::invoke(predicate); }
    Predicate predicate;
};

}  // namespace detail

inline auto condition_variable::wait(guard<mutex>& held) noexcept {
    return detail::condition_wait<detail::notified_once>{*this, *held.mutex(), {}};
}

template <std::predicate Predicate>
auto condition_variable::wait(guard<mutex>& held, Predicate predicate) {
    return detail::condition_wait<detail::user_predicate<Predicate>>{*this, *held.mutex(), {std::move(predicate)}};
}

}  // namespace corun
