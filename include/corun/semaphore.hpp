// A number of permits.
#pragma once

#include <corun/detail/checked_count.hpp>
#include <corun/detail/wait_list.hpp>

#include <cstddef>
#include <utility>

namespace corun {

/// Permits for fibers of one scheduler, first come, first served: who asks for many is not overtaken by those who ask for few. Any
/// use on another scheduler throws wrong_scheduler. Numbers below zero are refused with std::invalid_argument. Nothing but the yield
/// on `acquire()` switches. Must outlive those who wait.
class semaphore {
public:
    class acquire_operation;

    explicit semaphore(std::ptrdiff_t permits) : permits_{detail::at_least(0, permits, negative)} {}
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    /// An operation without a value: takes n permits at once. A cancelled one has taken none.
    [[nodiscard]] acquire_operation acquire(std::ptrdiff_t n = 1);
    /// Takes n permits if they are there and nobody waits.
    [[nodiscard]] bool try_acquire(std::ptrdiff_t n = 1);
    /// Gives n permits, to those who wait first.
    void release(std::ptrdiff_t n = 1);
    /// Permits that nobody has.
    [[nodiscard]] std::ptrdiff_t permits() const {
        home_.look("semaphore");
        return permits_;
    }

private:
    static constexpr const char* negative = "corun: a semaphore, and a number below zero";
    [[nodiscard]] bool has(std::ptrdiff_t n);
    void serve() noexcept;  // grants to the first ones as many as there are permits for

    detail::wait_list waiting_;
    std::ptrdiff_t permits_;
    detail::home home_;
};

/// The operation of `semaphore::acquire`.
class [[nodiscard]] semaphore::acquire_operation : public detail::committing<acquire_operation> {
public:
    acquire_operation(semaphore& s, std::ptrdiff_t n) noexcept : semaphore_{&s}, wanted_{n} {}
    acquire_operation(acquire_operation&& other) noexcept : acquire_operation{*other.semaphore_, other.wanted_} {}
    ~acquire_operation() {
        if (is_granted() && semaphore_ != nullptr) semaphore_->release(wanted_);  // nobody came for them
    }

    [[nodiscard]] bool available() const { return semaphore_->has(wanted_); }
    [[nodiscard]] bool try_commit() { return semaphore_->try_acquire(wanted_); }
    [[nodiscard]] detail::wait_list& queue() noexcept { return semaphore_->waiting_; }
    // Those behind may ask for less.
    void left() noexcept { semaphore_->serve(); }
    void get() noexcept { semaphore_ = nullptr; }

private:
    friend class semaphore;
    semaphore* semaphore_;
    std::ptrdiff_t wanted_;
};

inline semaphore::acquire_operation semaphore::acquire(std::ptrdiff_t n) { return {*this, detail::at_least(0, n, negative)}; }

}  // namespace corun
