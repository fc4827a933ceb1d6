// A flag for everyone to wait for.
#pragma once

#include <corun/detail/gate.hpp>
#include <corun/event.hpp>

#include <cstddef>

namespace corun {

/// As `event`, for fibers of any scheduler, plain threads and completion handlers together. Every function may be called from any
/// thread; only the yield on `wait()` switches. Must outlive those who wait on fibers and threads; handlers that still wait when it
/// ends are destroyed uncalled. The set of an automatic one that let a handler through is not lost if its context ends before it is
/// called.
class concurrent_event {
    struct flag {
        event_reset kind;
        bool is_set;
        [[nodiscard]] bool passes(std::ptrdiff_t) const noexcept { return is_set; }
        void take(std::ptrdiff_t) noexcept {
            if (kind == event_reset::automatic) is_set = false;
        }
        void give_back(std::ptrdiff_t) noexcept {
            if (kind == event_reset::automatic) is_set = true;
        }
    };
    using gate = detail::gate<flag>;

public:
    explicit concurrent_event(event_reset kind = event_reset::manual, bool set = false) noexcept : gate_{{kind, set}} {}

    void set() {
        gate_.change([](flag& f) { f.is_set = true; });
    }
    void reset() {
        gate_.change([](flag& f) { f.is_set = false; });
    }
    /// A moment's truth.
    [[nodiscard]] bool is_set() const noexcept {
        return gate_.look([](const flag& f) { return f.is_set; });
    }
    [[nodiscard]] bool try_wait() noexcept { return gate_.try_take(1); }

    /// An operation without a value.
    [[nodiscard]] gate::operation wait() noexcept { return gate_.wait(1); }
    /// Blocks the calling thread. Throws switch_forbidden on a fiber, and timed_out, with nothing taken, at the deadline.
    void blocking_wait(clock::time_point deadline = clock::time_point::max()) {
        gate_.wait_blocking(1, "concurrent_event::blocking_wait()", deadline);
    }
    /// Calls the token's handler as void(std::exception_ptr).
    template <class Token>
    auto async_wait(Token&& token) {
        return detail::async_request<gate::request>(std::forward<Token>(token), std::ref(gate_), std::ptrdiff_t{1});
    }

private:
    gate gate_;
};

}  // namespace corun
