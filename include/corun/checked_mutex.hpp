// A std::mutex that is held across a yield: found out, with both places.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <source_location>
#include <string>
#include <vector>

namespace corun {

/// A fiber yields while it holds a lock of threads. Whoever wants the lock next blocks a whole thread with all its fibers, and
/// where that is the thread on which the holder waits for its turn, for ever. On a context of several threads the lock would be
/// released on another thread than the one that took it.
struct held_lock {
    const void* lock = nullptr;
    std::uint64_t id = 0;  ///< of the fiber
    std::string name;
    std::source_location yield;  ///< the yield at which it is held
    std::vector<std::string> locked_at;  ///< frames of where it was taken, the innermost first
};

/// Called on the fiber, at the beginning of the yield; it must not yield. What it throws leaves the yield.
using held_lock_handler = std::function<void(const held_lock&)>;

/// The default handler: writes it to stderr.
void report_held_lock(const held_lock& found);

/// Replaces the handler of the process. Each pair of places is told once. Any thread.
void on_held_lock(held_lock_handler handler);

namespace detail {

// By the running fiber; nothing happens off fibers. What the fiber holds is asked for at its yields.
void note_lock(const void* lock) noexcept;
void note_unlock(const void* lock) noexcept;

}  // namespace detail

/// A mutex of threads, for std::lock_guard, std::unique_lock and std::scoped_lock, that reports a yield of the fiber that holds
/// it. A lock on a fiber takes a backtrace, which costs some microseconds; elsewhere it costs nothing more. To have this for
/// every mutex of a program without naming one, link it with the CMake target corun::checked, which watches pthread_mutex_lock.
/// @tparam Mutex  std::mutex, std::recursive_mutex, std::shared_mutex's exclusive side, or the like
template <class Mutex = std::mutex>
class checked_mutex {
public:
    checked_mutex() = default;
    checked_mutex(const checked_mutex&) = delete;
    checked_mutex& operator=(const checked_mutex&) = delete;

    void lock() {
        mutex_.lock();
        detail::note_lock(this);
    }
    [[nodiscard]] bool try_lock() {
        if (!mutex_.try_lock()) return false;
        detail::note_lock(this);
        return true;
    }
    void unlock() {
        detail::note_unlock(this);
        mutex_.unlock();
    }

private:
    Mutex mutex_;
};

}  // namespace corun
