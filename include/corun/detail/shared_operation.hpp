// The three ways to wait for a primitive called concurrent_: on a fiber, on a plain thread, by a completion token.
//
// A Request is a shared_waiter with
// - attempt(): commits, if that needs no waiting; not after it has begun,
// - begin(): commits, or gets in line (false); once,
// - withdraw(): gets out of the line; false if it is not there, because it was committed,
// - get(): the value of a committed one; may throw,
// - may_be_outlived(), if it still needs the primitive once it is committed: before it begins, where it may outlive that,
// - give_back(), if what it has taken must not end with it: of a committed one whose value nobody will get, whether the primitive
//   still lives or not;
// for select
// - lock(): of its line,
// - passes(selection): under the lock: whether `attempt` would succeed, for one of that selection's cases; has no effect,
// - get_in_line(): under the lock, where it does not pass;
// and, where waiting for the other side is seldom long,
// - attempt_patiently(): the same as attempt, but it tries for as long as parking would take.
#pragma once

#include <corun/clock.hpp>
#include <corun/detail/shared_line.hpp>
#include <corun/error.hpp>
#include <corun/run.hpp>

#include <atomic>
#include <mutex>
#include <semaphore>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace corun::detail {

// On a fiber, as an operation.
template <class Request>
class [[nodiscard]] shared_operation final : Request {
public:
    template <class... Args>
    explicit shared_operation(std::in_place_t, Args&&... args) : Request{std::forward<Args>(args)...} {}
    shared_operation(shared_operation&& other) : Request{std::move(other)} {}  // before it starts

    [[nodiscard]] bool take_now(fiber_record&) { return commit(); }
    // Alone. Asked again, it may have been committed before, or have begun to wait.
    [[nodiscard]] bool commit(fiber_record&) { return ready() || (fiber_ == nullptr && commit()); }
    [[nodiscard]] bool ready() const noexcept { return done_.load(std::memory_order_acquire); }
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(fiber_record& self) {
        begin_alone(self);
        if constexpr (requires { this->attempt_patiently(); })
            if (self.owner->ready.empty() && self.owner->simulated == nullptr && this->attempt_patiently()) return is_done();
        if (this->begin()) is_done();
    }
    [[nodiscard]] bool cancel() noexcept {
        if (this->withdraw()) return true;
        is_late_ = fiber_->waits_elsewhere = true;
        return false;
    }
    // Another thread is about to resume us.
    [[nodiscard]] bool is_elsewhere() const noexcept { return is_late_ && !ready(); }
    auto get() {
        if (fiber_ != nullptr) fiber_->waits_elsewhere = false;
        return Request::get();
    }

    // --- for select ---
    [[nodiscard]] bool commit() {
        if (!this->attempt()) return false;
        is_done();
        return true;
    }
    [[nodiscard]] primitive_lock& line_lock() noexcept { return this->lock(); }
    [[nodiscard]] bool passes(const selection& s) noexcept { return Request::passes(&s); }
    [[nodiscard]] bool available() noexcept {
        const std::lock_guard hold{line_lock()};
        return Request::passes(nullptr);
    }
    // Under the lock of its line.
    void wait_among(fiber_record& self, selection& others, int own_index) noexcept {
        fiber_ = &self;
        this->among = &others;
        this->index = own_index;
        this->get_in_line();
    }
    void withdraw_from_select() noexcept {
        if (fiber_ != nullptr) (void)this->withdraw();
    }

private:
    // It may have lost a select before.
    void begin_alone(fiber_record& self) noexcept {
        fiber_ = &self;
        this->among = nullptr;
        is_late_ = false;
        done_.store(false, std::memory_order_relaxed);
    }
    void is_done() noexcept { done_.store(true, std::memory_order_relaxed); }

    void resume() noexcept override {
        const fiber_ref fiber{fiber_};  // it may leave, and this with it, as soon as it is done
        done_.store(true, std::memory_order_release);
        wake(*fiber);
    }

    fiber_record* fiber_ = nullptr;
    bool is_late_ = false;
    std::atomic<bool> done_{false};
};

// On a plain thread.
template <class Request>
class shared_blocking final : Request {
public:
    using Request::Request;

    // Blocks the thread. Throws switch_forbidden on a fiber, and timed_out, with nothing taken, at the deadline: completion wins.
    auto wait(const char* what, clock::time_point deadline) {
        refuse_on_fiber(what, std::source_location{});
        if constexpr (requires { this->attempt_patiently(); })
            if (this->attempt() || this->attempt_patiently()) return Request::get();
        if (!this->begin() && !is_done_before(deadline)) {
            if (this->withdraw()) throw timed_out{std::string{"corun: "} + what + " timed out"};
            done_.acquire();
        }
        return Request::get();
    }

private:
    bool is_done_before(clock::time_point deadline) {
        if (deadline != clock::time_point::max()) return done_.try_acquire_until(deadline);
        done_.acquire();
        return true;
    }
    // The thread may have left as soon as this is counted: who waits is found by the address.
    void resume() noexcept override { done_.release(); }

    std::binary_semaphore done_{0};
};

}  // namespace corun::detail
