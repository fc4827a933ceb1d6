// What the concurrent_ primitives without values have in common: a state that lets waiters through, first come first served.
#pragma once

#include <corun/detail/liveness.hpp>
#include <corun/detail/shared_handler.hpp>
#include <corun/detail/shared_operation.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace corun::detail {

// State has passes(n), whether it lets one through who wants n, take(n), which takes that then, and give_back(n), which undoes it.
// Called under the lock; they run no user code and do not throw.
template <class State>
class gate {
public:
    explicit gate(State s) noexcept : state_{s} {}

    struct request : shared_waiter {
        request(gate& g, std::ptrdiff_t n) noexcept : from{&g}, wanted{n} {}
        request(request&& other) noexcept : request{*other.from, other.wanted} {}
        [[nodiscard]] bool begin() noexcept {
            const std::lock_guard hold{from->lock_};
            if (from->take(wanted)) return true;
            from->line_.append(*this);
            return false;
        }
        [[nodiscard]] bool withdraw() noexcept {
            bool was_in_line = false;
            from->change([&](State&) {
                was_in_line = this->in_line;
                if (was_in_line) shared_line::remove(*this);  // those behind may want less
            });
            return was_in_line;
        }
        void get() noexcept {}
        void may_be_outlived() noexcept {
            const std::lock_guard hold{from->lock_};
            number = from->life_.number();
        }
        void give_back() noexcept {
            if (const visit home{number}) from->change([this](State& s) { s.give_back(wanted); });
        }

        // --- for select ---
        [[nodiscard]] primitive_lock& lock() noexcept { return from->lock_; }
        [[nodiscard]] bool attempt() noexcept { return from->try_take(wanted); }
        [[nodiscard]] bool passes(const selection*) noexcept { return from->line_.empty() && from->state_.passes(wanted); }
        void get_in_line() noexcept { from->line_.append(*this); }

        gate* from;
        std::ptrdiff_t wanted;
        std::uint64_t number = 0;  // of the gate, if this may outlive it
    };
    using operation = shared_operation<request>;

    [[nodiscard]] operation wait(std::ptrdiff_t n) noexcept { return operation{std::in_place, *this, n}; }
    void wait_blocking(std::ptrdiff_t n, const char* what, clock::time_point deadline) {
        shared_blocking<request>{*this, n}.wait(what, deadline);
    }

    [[nodiscard]] bool try_take(std::ptrdiff_t n) noexcept {
        const std::lock_guard hold{lock_};
        return take(n);
    }
    // Changes the state and lets through who can pass then. What f throws is thrown.
    template <class Function>
    void change(Function f) {
        resume_later passed;
        const std::lock_guard hold{lock_};
        f(state_);
        while (!line_.empty()) {
            auto& first = static_cast<request&>(line_.first());
            if (!state_.passes(first.wanted)) break;
            shared_line::remove(first);
            if (!first.claim()) continue;
            state_.take(first.wanted);
            passed.add(first);
        }
    }
    template <class Function>
    [[nodiscard]] auto look(Function f) const noexcept {
        const std::lock_guard hold{lock_};
        return f(state_);
    }

private:
    // Nobody passes those who wait.
    bool take(std::ptrdiff_t n) noexcept {
        if (!line_.empty() || !state_.passes(n)) return false;
        state_.take(n);
        return true;
    }

    mutable primitive_lock lock_;  // guards the rest
    shared_line line_;
    State state_;
    liveness life_;
};

}  // namespace corun::detail
