// Which of several waiting operations takes effect.
#pragma once

#include <corun/detail/spin_lock.hpp>

#include <atomic>

namespace corun::detail {

struct fiber_record;

// On the stack of the fiber that selects. Its cases wait in several queues; who serves one of them decides first, here. On one
// scheduler that is a plain store. Where other threads may serve a case (`is_shared`) all race for one word, and who loses leaves
// the waiter alone: its fiber withdraws it.
//
// Another thread looks at a selection only under the lock of the queue in which it has found the waiter: the fiber cannot have
// withdrawn that waiter yet, and so the selection is still here.
class selection {
public:
    static constexpr int undecided = -1;

    selection() noexcept = default;
    selection(const selection&) = delete;
    selection& operator=(const selection&) = delete;

    // The case's number, or undecided. What another thread has decided on may still be on its way.
    [[nodiscard]] int chosen() const noexcept {
        const int number = chosen_.load(std::memory_order_acquire);
        return number == held ? undecided : number;
    }
    // Of one that is decided, for its fiber.
    [[nodiscard]] int decision() const noexcept { return chosen_.load(std::memory_order_relaxed); }
    [[nodiscard]] fiber_record& who_waits() const noexcept { return *fiber_; }
    [[nodiscard]] bool is_open() const noexcept { return chosen_.load(std::memory_order_relaxed) < 0; }

    // By whoever serves a case, and by the fiber itself. False: decided otherwise.
    [[nodiscard]] bool decide(int number) noexcept {
        if (is_shared_) return change_to(number);
        if (!is_open()) return false;
        set(number);
        return true;
    }
    // By whoever serves a case of one that is open, and will `set` it. False: another thread was faster.
    [[nodiscard]] bool claim(int number) noexcept { return !is_shared_ || change_to(number); }
    // Of one that is decided, by its fiber, or that nobody else can decide.
    void set(int number) noexcept { chosen_.store(number, std::memory_order_release); }

    // The same in two steps, by who can tell only in between whether there is anything to serve with: a few instructions, for which
    // all others wait. True: `set` or `let_go` must follow.
    [[nodiscard]] bool hold() noexcept { return change_to(held); }
    void let_go() noexcept { set(undecided); }

protected:
    // Before it waits.
    void set_fiber(fiber_record& self) noexcept { fiber_ = &self; }
    // Null until then.
    [[nodiscard]] fiber_record* fiber() const noexcept { return fiber_; }
    // From here on other threads may decide.
    void share() noexcept { is_shared_ = true; }

private:
    static constexpr int held = -2;

    [[nodiscard]] bool change_to(int number) noexcept {
        int seen = undecided;
        while (!chosen_.compare_exchange_weak(seen, number, std::memory_order_acq_rel, std::memory_order_relaxed)) {
            if (seen >= 0) return false;
            if (seen == held) relax();
            seen = undecided;
        }
        return true;
    }

    fiber_record* fiber_ = nullptr;
    std::atomic<int> chosen_{undecided};
    bool is_shared_ = false;
};

}  // namespace corun::detail
