// A number of permits, for everyone.
#pragma once

#include <corun/detail/checked_count.hpp>
#include <corun/detail/gate.hpp>

#include <cstddef>

namespace corun {

/// As `semaphore`, for fibers of any scheduler, plain threads and completion handlers together. Every function may be called from
/// any thread; only the yield on `acquire()` switches. Must outlive those who wait on fibers and threads; handlers that still wait
/// when it ends are destroyed uncalled. A handler that was let through and whose context ends before it is called gives back what
/// it had taken.
class concurrent_semaphore {
    struct permits_left {
        std::ptrdiff_t count;
        [[nodiscard]] bool passes(std::ptrdiff_t n) const noexcept { return count >= n; }
        void take(std::ptrdiff_t n) noexcept { count -= n; }
        void give_back(std::ptrdiff_t n) noexcept { count += n; }
    };
    using gate = detail::gate<permits_left>;
    [[nodiscard]] static std::ptrdiff_t checked(std::ptrdiff_t n) {
        return detail::at_least(0, n, "corun: a concurrent_semaphore, and a number below zero");
    }

public:
    explicit concurrent_semaphore(std::ptrdiff_t permits) : gate_{{checked(permits)}} {}

    /// An operation without a value. A cancelled one has taken none, unless the permits were already on their way: completion wins.
    [[nodiscard]] gate::operation acquire(std::ptrdiff_t n = 1) { return gate_.wait(checked(n)); }
    /// Blocks the calling thread. Throws switch_forbidden on a fiber, and timed_out, with nothing taken, at the deadline.
    void blocking_acquire(std::ptrdiff_t n = 1, clock::time_point deadline = clock::time_point::max()) {
        gate_.wait_blocking(checked(n), "concurrent_semaphore::blocking_acquire()", deadline);
    }
    /// Calls the token's handler as void(std::exception_ptr): null, or operation_aborted if it was cancelled through its slot.
    template <class Token>
    auto async_acquire(std::ptrdiff_t n, Token&& token) {
        return detail::async_request<gate::request>(std::forward<Token>(token), std::ref(gate_), checked(n));
    }
    /// Takes n permits if they are there and nobody waits.
    [[nodiscard]] bool try_acquire(std::ptrdiff_t n = 1) { return gate_.try_take(checked(n)); }
    void release(std::ptrdiff_t n = 1) {
        gate_.change([more = checked(n)](permits_left& left) { left.count += more; });
    }
    /// A moment's truth.
    [[nodiscard]] std::ptrdiff_t permits() const noexcept {
        return gate_.look([](const permits_left& left) { return left.count; });
    }

private:
    gate gate_;
};

}  // namespace corun
