// How fibers of several schedulers, plain threads and Asio's handlers wait for each other: what is under the primitives called
// concurrent_.
#pragma once

#include <corun/detail/primitive_lock.hpp>
#include <corun/detail/simulation.hpp>
#include <corun/detail/wait_list.hpp>

#include <mutex>
#include <utility>

namespace corun::detail {

// Who waits. Belongs to its waiter, except while `in_line`, which the lock of the line guards. Who takes it out of the line owns it
// until `resume`, the last touch: a cancellation comes too late then.
struct shared_waiter : ring_link {
    bool in_line = false;
    int index = 0;  // of its case
    selection* among = nullptr;  // null: it waits alone

    shared_waiter() noexcept = default;
    shared_waiter(const shared_waiter&) = delete;

    // It has what it waited for. Without the lock; it may be gone before this returns.
    virtual void resume() noexcept = 0;
    // What it waits for is gone; no longer in line.
    virtual void abandon() noexcept {}

    // By who serves it, under the lock: a waiter in a select may have been given something else. False: it is not to be served.
    [[nodiscard]] bool claim() noexcept { return among == nullptr || among->decide(index); }
    // In two steps: see selection::hold.
    [[nodiscard]] bool hold() noexcept { return among == nullptr || among->hold(); }
    void settle() noexcept {
        if (among != nullptr) among->set(index);
    }
    void let_go() noexcept {
        if (among != nullptr) among->let_go();
    }

protected:
    ~shared_waiter() = default;
};

// First come, first served. Guarded by the lock of who has it.
class shared_line {
public:
    shared_line() noexcept { head_.link_to_itself(); }
    shared_line(const shared_line&) = delete;
    shared_line& operator=(const shared_line&) = delete;
    ~shared_line() {
        while (head_.next != &head_) {
            shared_waiter& w = first();
            remove(w);
            w.abandon();
        }
    }

    // Whether nobody is to be served. Who was given something else, and has not come to leave yet, is dropped.
    [[nodiscard]] bool empty() noexcept {
        while (head_.next != &head_) {
            if (first().among == nullptr || first().among->is_open()) return false;
            remove(first());
        }
        return true;
    }
    // Of one that is not empty.
    [[nodiscard]] shared_waiter& first() noexcept { return static_cast<shared_waiter&>(*head_.next); }

    void append(shared_waiter& w) noexcept {
        w.link_before(head_);
        w.in_line = true;
    }
    static void remove(shared_waiter& w) noexcept {
        w.unlink();
        w.in_line = false;
    }
    // Takes out who is to be served next, and claims it; null if nobody waits. Those who were given something else are dropped on
    // the way.
    shared_waiter* pop() noexcept {
        while (!empty()) {
            shared_waiter& w = first();
            remove(w);
            if (w.claim()) return &w;
        }
        return nullptr;
    }
    // Whether there is somebody to serve, beside the cases of `self`.
    [[nodiscard]] bool has_open(const selection* self) noexcept {
        for (ring_link* link = head_.next; link != &head_; link = link->next) {
            const auto& w = static_cast<shared_waiter&>(*link);
            if (w.among == nullptr || (w.among != self && w.among->is_open())) return true;
        }
        return false;
    }

private:
    ring_link head_;
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
    ring_link* first_ = nullptr;
    ring_link* last_ = nullptr;
};

}  // namespace corun::detail
