// What concurrent_latch and concurrent_wait_group have in common.
#pragma once

#include <corun/detail/gate.hpp>

#include <cstddef>

namespace corun::detail {

// Lets everyone through while the count is zero.
class countdown {
    struct counter {
        std::ptrdiff_t count;
        [[nodiscard]] bool passes(std::ptrdiff_t) const noexcept { return count == 0; }
        void take(std::ptrdiff_t) const noexcept {}
        void give_back(std::ptrdiff_t) const noexcept {}
    };
    using gate = detail::gate<counter>;

public:
    explicit countdown(std::ptrdiff_t count) noexcept : gate_{{count}} {}

    /// Whether the count is zero.
    [[nodiscard]] bool try_wait() const noexcept {
        return gate_.look([](const counter& c) { return c.count == 0; });
    }
    /// An operation without a value.
    [[nodiscard]] gate::operation wait() noexcept { return gate_.wait(1); }
    /// Blocks the calling thread. Throws switch_forbidden on a fiber, and timed_out, with nothing taken, at the deadline.
    void blocking_wait(clock::time_point deadline = clock::time_point::max()) {
        gate_.wait_blocking(1, "blocking_wait()", deadline);
    }
    /// Calls the token's handler as void(std::exception_ptr).
    template <class Token>
    auto async_wait(Token&& token) {
        return async_request<gate::request>(std::forward<Token>(token), std::ref(gate_), std::ptrdiff_t{1});
    }

protected:
    void add(std::ptrdiff_t n, const char* when_negative) {
        gate_.change([&](counter& c) {
            if (c.count + n < 0) refuse_use(when_negative);
            c.count += n;
        });
    }

private:
    gate gate_;
};

}  // namespace corun::detail
