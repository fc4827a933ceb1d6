// Mutual exclusion over yields.
#pragma once

#include <corun/detail/wait_list.hpp>
#include <corun/guard.hpp>

namespace corun {

namespace detail {
template <class Predicate>
class condition_wait;
}

/// Keeps the fibers of one scheduler out of each other's way where a critical section yields; between two yields no lock is needed.
/// First come, first served: unlock gives the mutex to who has waited longest, so nobody overtakes and nobody starves. Not
/// recursive. Any use on another scheduler throws wrong_scheduler. Must outlive those who wait.
class mutex {
public:
    class lock_operation;

    mutex() noexcept = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    /// An operation: its value is a guard<mutex>. A cancelled one has not got the mutex.
    [[nodiscard]] lock_operation lock();

    /// A guard that owns the mutex, or owns nothing if it is held. Never switches.
    [[nodiscard]] guard<mutex> try_lock() {
        home_.check("mutex");
        if (locked_) return {};
        locked_ = true;
        return guard<mutex>{*this};
    }

    /// Gives it to who has waited longest, or frees it. Never switches. Guards call it.
    void unlock() {
        home_.check("mutex");
        pass_on();
    }

    [[nodiscard]] bool is_locked() const noexcept {
        home_.looked_at();
        return locked_;
    }

private:
    friend class condition_variable;
    template <class>
    friend class detail::condition_wait;

    // The next owner is owner from here on: `locked_` is never false while somebody waits, so nobody can barge in.
    void pass_on() noexcept {
        if (detail::waiter* next = waiting_.claim_first())
            detail::grant(*next);
        else
            locked_ = false;
    }

    detail::wait_list waiting_;
    bool locked_ = false;
    detail::home home_;
};

/// The operation of `mutex::lock`.
class [[nodiscard]] mutex::lock_operation : public detail::committing<lock_operation> {
public:
    explicit lock_operation(mutex& m) noexcept : mutex_{&m} {}
    lock_operation(lock_operation&& other) noexcept : mutex_{other.mutex_} {}  // before it starts
    ~lock_operation() {
        if (is_granted() && mutex_ != nullptr) mutex_->pass_on();  // nobody came for it
    }

    [[nodiscard]] bool available() const {
        mutex_->home_.check("mutex");
        return !mutex_->locked_;
    }
    [[nodiscard]] bool try_commit() {
        if (!available()) return false;
        mutex_->locked_ = true;
        return true;
    }
    [[nodiscard]] detail::wait_list& queue() noexcept { return mutex_->waiting_; }
    [[nodiscard]] guard<mutex> get() noexcept { return guard<mutex>{*std::exchange(mutex_, nullptr)}; }

private:
    mutex* mutex_;
};

inline mutex::lock_operation mutex::lock() { return lock_operation{*this}; }

}  // namespace corun
