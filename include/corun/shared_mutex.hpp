// One writer or many readers.
#pragma once

#include <corun/detail/lock_owner.hpp>
#include <corun/detail/wait_list.hpp>
#include <corun/guard.hpp>

#include <cstddef>
#include <utility>

namespace corun {

/// Held by one fiber alone or by several that share it, all of one scheduler. First come, first served: readers that come after a
/// waiting writer wait behind it, so neither side starves. Not recursive. A lock that would make its fiber wait for itself, by way
/// of mutexes that are held alone and joins of which none has a deadline, throws `deadlock`. Any use on another scheduler throws
/// wrong_scheduler.
class shared_mutex {
    class shared_side;

public:
    class lock_operation;
    class shared_lock_operation;
    /// What a shared lock's guard holds.
    using shared_guard = guard<shared_side>;

    shared_mutex() noexcept = default;
    shared_mutex(const shared_mutex&) = delete;
    shared_mutex& operator=(const shared_mutex&) = delete;

    /// An operation: its value is a guard<shared_mutex>, which holds it alone.
    [[nodiscard]] lock_operation lock() noexcept;
    /// An operation: its value is a shared_guard.
    [[nodiscard]] shared_lock_operation lock_shared() noexcept;

    /// A guard that owns it, or owns nothing. Neither switches.
    [[nodiscard]] guard<shared_mutex> try_lock() { return take_alone() ? guard<shared_mutex>{*this} : guard<shared_mutex>{}; }
    [[nodiscard]] shared_guard try_lock_shared() { return take_shared() ? shared_guard{shared_} : shared_guard{}; }

    /// Gives it to who has waited longest; to all readers that wait before the next writer. Guards call them. Neither switches.
    /// Both throw std::logic_error if nobody holds it so.
    void unlock();
    void unlock_shared();

private:
    friend class guard<shared_mutex>;
    class request;
    class shared_side {
    public:
        explicit shared_side(shared_mutex& m) noexcept : mutex_{m} {}
        void unlock() { mutex_.unlock_shared(); }

    private:
        shared_mutex& mutex_;
    };

    [[nodiscard]] bool can_take(bool alone);
    [[nodiscard]] bool take_alone();
    [[nodiscard]] bool take_shared();
    void serve() noexcept;
    void guard_moved(const void* guard) noexcept;

    static constexpr std::ptrdiff_t held_alone = -1;
    std::ptrdiff_t holders_ = 0;  // readers; or held_alone
    detail::lock_owner owner_;  // while it is held alone
    detail::wait_list waiting_;
    shared_side shared_{*this};
    detail::home home_;
};

// Either kind of lock operation.
class shared_mutex::request : public detail::committing<request> {
public:
    request(shared_mutex& m, bool alone) noexcept : mutex_{&m}, alone_{alone} {}
    request(request&& other) noexcept : request{*other.mutex_, other.alone_} {}  // before it starts
    ~request();

    [[nodiscard]] bool available() const { return mutex_->can_take(alone_); }
    [[nodiscard]] bool try_commit() { return alone_ ? mutex_->take_alone() : mutex_->take_shared(); }
    [[nodiscard]] detail::wait_list& queue() noexcept { return mutex_->waiting_; }
    bool start_on(detail::fiber_record& self) {
        if (mutex_->owner_.is_held() && mutex_->owner_.is_parked_or(self)) detail::refuse_lock_cycle(self, mutex_->owner_);
        return committing::start_on(self);
    }
    void describe_wait(detail::wait_info& info) const noexcept { detail::describe_lock_wait(mutex_->owner_, info); }
    // A writer that gives up lets the readers behind it pass.
    void left() noexcept { mutex_->serve(); }

protected:
    [[nodiscard]] shared_mutex& taken() noexcept { return *std::exchange(mutex_, nullptr); }
    [[nodiscard]] static shared_side& shared_side_of(shared_mutex& m) noexcept { return m.shared_; }

private:
    friend class shared_mutex;
    shared_mutex* mutex_;
    bool alone_;
};

/// The operation of `shared_mutex::lock`.
class [[nodiscard]] shared_mutex::lock_operation : public request {
public:
    explicit lock_operation(shared_mutex& m) noexcept : request{m, true} {}
    [[nodiscard]] guard<shared_mutex> get() noexcept { return guard<shared_mutex>{taken()}; }
};

/// The operation of `shared_mutex::lock_shared`.
class [[nodiscard]] shared_mutex::shared_lock_operation : public request {
public:
    explicit shared_lock_operation(shared_mutex& m) noexcept : request{m, false} {}
    [[nodiscard]] shared_guard get() noexcept { return shared_guard{shared_side_of(taken())}; }
};

inline shared_mutex::lock_operation shared_mutex::lock() noexcept { return lock_operation{*this}; }
inline shared_mutex::shared_lock_operation shared_mutex::lock_shared() noexcept { return shared_lock_operation{*this}; }

}  // namespace corun
