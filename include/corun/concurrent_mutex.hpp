// Mutual exclusion for everyone.
#pragma once

#include <corun/detail/gate.hpp>
#include <corun/guard.hpp>

#include <cstddef>
#include <utility>

namespace corun {

/// As `mutex`, for fibers of any scheduler, plain threads and completion handlers together: unlock gives it to who has waited
/// longest. Who locked it and who unlocks it may be on different threads. Every function may be called from any thread; only the
/// yield on `lock()` switches. Must outlive those who wait on fibers and threads; handlers that still wait when it ends are
/// destroyed uncalled. One that has been given the mutex, and whose context ends before it is called, passes it on.
class concurrent_mutex {
    struct holder {
        bool is_held = false;
        [[nodiscard]] bool passes(std::ptrdiff_t) const noexcept { return !is_held; }
        void take(std::ptrdiff_t) noexcept { is_held = true; }
        void give_back(std::ptrdiff_t) noexcept { is_held = false; }
    };
    using gate = detail::gate<holder>;
    struct request : gate::request {
        request(concurrent_mutex& m) noexcept : gate::request{m.gate_, 1}, mutex{&m} {}
        request(request&& other) noexcept : request{*other.mutex} {}
        [[nodiscard]] guard<concurrent_mutex> get() noexcept { return guard<concurrent_mutex>{*mutex}; }
        concurrent_mutex* mutex;
    };

public:
    concurrent_mutex() noexcept : gate_{{}} {}

    /// An operation: its value is a guard<concurrent_mutex>.
    [[nodiscard]] detail::shared_operation<request> lock() noexcept {
        return detail::shared_operation<request>{std::in_place, *this};
    }
    /// Blocks the calling thread. Throws switch_forbidden on a fiber, and timed_out, with nothing taken, at the deadline.
    [[nodiscard]] guard<concurrent_mutex> blocking_lock(clock::time_point deadline = clock::time_point::max()) {
        return detail::shared_blocking<request>{*this}.wait("concurrent_mutex::blocking_lock()", deadline);
    }
    /// Calls the token's handler as void(std::exception_ptr, guard<concurrent_mutex>).
    template <class Token>
    auto async_lock(Token&& token) {
        return detail::async_request<request>(std::forward<Token>(token), std::ref(*this));
    }
    /// A guard that owns it, or owns nothing.
    [[nodiscard]] guard<concurrent_mutex> try_lock() noexcept {
        return gate_.try_take(1) ? guard<concurrent_mutex>{*this} : guard<concurrent_mutex>{};
    }
    /// Guards call it. Throws std::logic_error if nobody holds it.
    void unlock() {
        gate_.change([](holder& h) {
            if (!h.is_held) detail::refuse_use("corun: a concurrent_mutex was unlocked that nobody holds");
            h.is_held = false;
        });
    }

private:
    gate gate_;
};

}  // namespace corun
