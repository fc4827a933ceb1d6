// Mutual exclusion over yields.
#pragma once

#include <corun/detail/lock_owner.hpp>
#include <corun/detail/wait_list.hpp>
#include <corun/guard.hpp>

namespace corun {

namespace detail {
template <class Predicate>
class condition_wait;
}

/// Keeps the fibers of one scheduler out of each other's way where a critical section yields; between two yields no lock is needed.
/// First come, first served: unlock gives the mutex to who has waited longest, so nobody overtakes and nobody starves. Not
/// recursive: to lock it again throws `deadlock`, as every lock does that would make its fiber wait for itself, by way of mutexes
/// and joins of which none has a deadline. Any use on another scheduler throws wrong_scheduler. Must outlive those who wait.
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
        if (owner_.is_held()) return {};
        owner_.take(detail::current_core());
        return guard<mutex>{*this};
    }

    /// Gives it to who has waited longest, or frees it. Never switches. Guards call it. Throws std::logic_error if nobody holds it.
    void unlock() {
        home_.check("mutex");
        if (!owner_.is_held()) [[unlikely]]
            detail::refuse_use("corun: a mutex was unlocked that nobody holds");
        pass_on();
    }

    [[nodiscard]] bool is_locked() const {
        home_.look("mutex");
        return owner_.is_held();
    }

private:
    friend class condition_variable;
    friend class guard<mutex>;
    template <class>
    friend class detail::condition_wait;

    // The next owner is owner from here on: it is never free while somebody waits, so nobody can barge in.
    void pass_on() noexcept {
        if (detail::waiter* next = waiting_.claim_first()) {
            owner_.pass_to(next->who_waits());
            detail::grant(*next);
        } else {
            owner_.release();
        }
    }

    void guard_moved(const void* guard) noexcept { owner_.guard_moved(guard, home_.core()); }

    detail::wait_list waiting_;
    detail::lock_owner owner_;
    detail::home home_;
};

/// The operation of `mutex::lock`.
class [[nodiscard]] mutex::lock_operation : public detail::committing<lock_operation> {
public:
    explicit lock_operation(mutex& m) noexcept : mutex_{&m} {}
    lock_operation(lock_operation&& other) noexcept : mutex_{other.mutex_} {}  // before it starts
    ~lock_operation() {
        if (mutex_ != nullptr && is_granted()) mutex_->pass_on();  // nobody came for it
    }

    [[nodiscard]] bool available() const {
        mutex_->home_.check("mutex");
        return !mutex_->owner_.is_held();
    }
    [[nodiscard]] bool try_commit() {
        if (!available()) return false;
        mutex_->owner_.take(detail::current_core());
        return true;
    }
    [[nodiscard]] CORUN_SWITCH bool take_now(detail::fiber_record& self) {
        mutex_->home_.check("mutex", self.owner);
        if (mutex_->owner_.is_held()) return false;
        mutex_->owner_.take(self);
        state = detail::wait_state::granted;
        return true;
    }
    bool start_on(detail::fiber_record& self) {
        if (mutex_->owner_.is_parked_or(self)) [[unlikely]]
            detail::refuse_lock_cycle(self, mutex_->owner_);
        return committing::start_on(self);
    }
    void describe_wait(detail::wait_info& info) const noexcept { detail::describe_lock_wait(mutex_->owner_, info); }
    [[nodiscard]] detail::wait_list& queue() noexcept { return mutex_->waiting_; }
    [[nodiscard]] guard<mutex> get() noexcept { return guard<mutex>{*std::exchange(mutex_, nullptr)}; }

private:
    mutex* mutex_;
};

inline mutex::lock_operation mutex::lock() { return lock_operation{*this}; }

}  // namespace corun
