// Owning a lock for a scope.
#pragma once

#include <utility>

namespace corun {

/// Holds a lock and releases it at the end of its scope, which never switches. Made by `corun::yield(mutex.lock())`. Movable, also
/// to another fiber. It must end where the mutex may be used: on its scheduler, or anywhere for a concurrent_mutex.
template <class Mutex>
class [[nodiscard]] guard {
public:
    /// Holds nothing.
    guard() noexcept = default;
    /// Takes over a lock that the caller holds.
    explicit guard(Mutex& held) noexcept : mutex_{&held} {}
    guard(guard&& other) noexcept : mutex_{std::exchange(other.mutex_, nullptr)} { moved(); }
    guard& operator=(guard&& other) noexcept {
        guard{std::move(other)}.swap(*this);
        return *this;
    }
    ~guard() {
        if (mutex_ != nullptr) mutex_->unlock();
    }

    /// Releases early. Throws wrong_scheduler.
    void unlock() {
        if (mutex_ != nullptr) mutex_->unlock();
        mutex_ = nullptr;
    }
    [[nodiscard]] bool owns() const noexcept { return mutex_ != nullptr; }
    explicit operator bool() const noexcept { return owns(); }
    /// What is held; null if nothing.
    [[nodiscard]] Mutex* mutex() const noexcept { return mutex_; }
    void swap(guard& other) noexcept {
        std::swap(mutex_, other.mutex_);
        moved();
        other.moved();
    }

private:
    // A mutex that knows its owner wants to know where its guard is: on whose stack.
    void moved() noexcept {
        if constexpr (requires { mutex_->guard_moved(this); })
            if (mutex_ != nullptr) mutex_->guard_moved(this);
    }

    Mutex* mutex_ = nullptr;
};

}  // namespace corun
