// Small primitives for the programs in this folder, as operations of a user. Their names are those of corun's own.
#pragma once

#include <corun.hpp>
#include <corun/sim.hpp>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace bugs {

namespace sim = corun::sim;

// Fibers that wait for a condition, each woken to look again whenever it may have changed.
class waiters {
public:
    void add(corun::waker w) { all_.push_back(std::move(w)); }
    void remove(const corun::waker& w) {
        std::erase_if(all_, [&](const corun::waker& other) { return other.fiber() == w.fiber(); });
    }
    void wake_all() {
        for (const auto& w : std::exchange(all_, {})) w.wake();
    }
    void wake_one() {
        if (all_.empty()) return;
        all_.front().wake();
        all_.erase(all_.begin());
    }

private:
    std::vector<corun::waker> all_;
};

// Waits until `lets_pass()`, and does `pass()` in the same turn.
template <class Primitive>
class [[nodiscard]] pass_operation {
public:
    explicit pass_operation(Primitive& p) : primitive_{p} {}
    [[nodiscard]] bool ready() const { return primitive_.lets_pass(); }
    void start(corun::waker w) { primitive_.waiting.add(waker_.emplace_back(std::move(w))); }
    bool cancel() {
        primitive_.waiting.remove(waker_.front());
        return true;
    }
    decltype(auto) get() { return primitive_.pass(); }

private:
    Primitive& primitive_;
    std::vector<corun::waker> waker_;
};

struct semaphore {
    explicit semaphore(int n) : permits{n} {}
    [[nodiscard]] auto acquire() { return pass_operation{*this}; }
    void release() {
        ++permits;
        waiting.wake_all();
    }
    [[nodiscard]] bool lets_pass() const { return permits > 0; }
    void pass() { --permits; }

    int permits;
    waiters waiting;
};

// Gives back what was acquired.
class permit {
public:
    explicit permit(semaphore& s) : semaphore_{s} {}
    ~permit() { semaphore_.release(); }
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;

private:
    semaphore& semaphore_;
};

struct mutex : semaphore {
    mutex() : semaphore{1} {}
    [[nodiscard]] auto lock() { return acquire(); }
    void unlock() { release(); }
};

// Wakes those that wait when it is signalled, and nobody later.
struct condition {
    [[nodiscard]] auto wait() { return wait_operation{*this}; }
    void notify_one() { waiting.wake_one(); }
    void notify_all() { waiting.wake_all(); }

    // Each wait is let pass by one notification that comes after it has begun.
    class [[nodiscard]] wait_operation {
    public:
        explicit wait_operation(condition& c) : condition_{c} {}
        [[nodiscard]] bool ready() const { return began_ && looks_++ > 0; }
        void start(corun::waker w) {
            began_ = true;
            condition_.waiting.add(std::move(w));
        }
        bool cancel() { return true; }
        void get() const {}

    private:
        condition& condition_;
        bool began_ = false;
        mutable int looks_ = 0;  // the first comes right after the start, the next after a wake
    };

    waiters waiting;
};

// Runs both at the same time, to their ends; then throws what one of them threw.
template <class First, class Second>
void both(First first, Second second) {
    std::exception_ptr failure;
    const auto guarded = [&failure](auto& f) {
        return [&] {
            try {
                f();
            } catch (const std::exception&) {
                failure = std::current_exception();
            }
        };
    };
    auto a = corun::spawn({.name = "a"}, guarded(first));
    auto b = corun::spawn({.name = "b"}, guarded(second));
    corun::yield(a.join());
    corun::yield(b.join());
    if (failure) std::rethrow_exception(failure);
}

}  // namespace bugs
