// How fibers of several schedulers, plain threads and Asio's handlers wait for each other: what is under the primitives called
// concurrent_.
#pragma once

#include <corun/detail/simulation.hpp>
#include <corun/detail/spin_lock.hpp>
#include <corun/detail/wait_list.hpp>

#include <mutex>
#include <utility>

namespace corun::detail {

// Guards such a primitive. Who takes it is about to look at the primitive or to change it, which a simulation is to know.
class primitive_lock {
public:
    void lock() noexcept {
        touches(name_, access::write);
        lock_.lock();
    }
    void unlock() noexcept { lock_.unlock(); }

private:
    named_object name_;
    spin_lock lock_;
};

// Who waits. Belongs to its waiter, except while `in_line`, which the lock of the line guards. Who takes it out of the line owns it until
// `resume`, the last touch: a cancellation comes too late then.
struct shared_waiter : wait_link {
    bool in_line = false;

    shared_waiter() noexcept = default;
    shared_waiter(const shared_waiter&) = delete;

    // It has what it waited for. Without the lock; it may be gone before this returns.
    virtual void resume() noexcept = 0;
    // What it waits for is gone; no longer in line.
    virtual void abandon() noexcept {}

protected:
    ~shared_waiter() = default;
};

// First come, first served. Guarded by the lock of who has it.
class shared_line {
public:
    shared_line() noexcept { head_.next = head_.previous = &head_; }
    shared_line(const shared_line&) = delete;
    shared_line& operator=(const shared_line&) = delete;
    ~shared_line() {
        while (shared_waiter* w = pop()) w->abandon();
    }

    [[nodiscard]] bool empty() const noexcept { return head_.next == &head_; }
    [[nodiscard]] shared_waiter& first() noexcept { return static_cast<shared_waiter&>(*head_.next); }

    void append(shared_waiter& w) noexcept {
        w.next = &head_;
        w.previous = head_.previous;
        head_.previous->next = &w;
        head_.previous = &w;
        w.in_line = true;
    }
    static void remove(shared_waiter& w) noexcept {
        w.next->previous = w.previous;
        w.previous->next = w.next;
        w.in_line = false;
    }
    // Null if nobody waits.
    shared_waiter* pop() noexcept {
        if (empty()) return nullptr;
        shared_waiter& w = first();
        remove(w);
        return &w;
    }

private:
    wait_link head_;
};

// Those who are to be resumed once the lock is free; so it is declared before the lock is taken.
class resume_later {
public:
    resume_later() noexcept = default;
    resume_later(const resume_later&) = delete;
    resume_later& operator=(const resume_later&) = delete;
    ~resume_later() {
        while (first_ != nullptr) static_cast<shared_waiter*>(std::exchange(first_, first_->next))->resume();
    }

    // Out of its line.
    void add(shared_waiter& w) noexcept {
        w.next = nullptr;
        (last_ != nullptr ? last_->next : first_) = &w;
        last_ = &w;
    }

private:
    wait_link* first_ = nullptr;
    wait_link* last_ = nullptr;
};

}  // namespace corun::detail
