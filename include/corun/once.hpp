// Doing something once.
#pragma once

#include <corun/detail/wait_list.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace corun {

/// A function that is called once among the fibers of one scheduler, and may yield, unlike a static variable's initialiser. Any use
/// on another scheduler throws wrong_scheduler.
class once {
public:
    once() noexcept = default;
    once(const once&) = delete;
    once& operator=(const once&) = delete;

    /// An operation: the first fiber that yields on one calls its function; the others wait until it has returned. If it throws,
    /// that fiber gets the exception, and the next one calls its own function. Its value: whether this one called. Not for
    /// `select`.
    template <class Function>
    [[nodiscard]] auto call(Function&& f);

    /// Whether a function has returned.
    [[nodiscard]] bool done() const {
        home_.look("once");
        return state_ == state::done;
    }

private:
    enum class state : unsigned char { fresh, calling, done };

    class operation_base : public detail::committing<operation_base> {
    public:
        explicit operation_base(once& o) noexcept : once_{&o} {}
        operation_base(operation_base&& other) noexcept : once_{other.once_} {}  // before it starts
        ~operation_base() {
            if (is_granted() && once_ != nullptr) once_->conclude(false);
        }
        static constexpr bool has_effects_before_its_end = true;
        [[nodiscard]] bool available() const { return once_->state_ != state::calling; }
        [[nodiscard]] bool try_commit() { return once_->begin(); }
        [[nodiscard]] detail::wait_list& queue() noexcept { return once_->waiting_; }

    protected:
        once* once_;
    };
    template <class Function>
    class call_operation;

    [[nodiscard]] bool begin() {
        home_.check("once");
        if (state_ == state::calling) return false;
        if (state_ == state::fresh) state_ = state::calling;
        return true;
    }
    // Who called has returned or thrown. After a failure the first who waits is the next to call.
    void conclude(bool succeeded) noexcept {
        if (state_ != state::calling) return;
        home_.changed();
        if (succeeded) {
            state_ = state::done;
            detail::grant_all(waiting_);
        } else if (detail::waiter* next = waiting_.first()) {
            detail::grant(*next);
        } else {
            state_ = state::fresh;
        }
    }

    detail::wait_list waiting_;
    state state_ = state::fresh;
    detail::home home_;
};

template <class Function>
class [[nodiscard]] once::call_operation : public operation_base {
public:
    call_operation(once& o, Function&& f) : operation_base{o}, function_{std::forward<Function>(f)} {}

    /// Runs the function on the fiber that yields.
    bool get() {
        once& o = *std::exchange(once_, nullptr);
        if (o.state_ == state::done) return false;
        try {
            std::invoke(std::forward<Function>(function_));
        } catch (...) {
            o.conclude(false);
            throw;
        }
        o.conclude(true);
        return true;
    }

private:
    Function function_;
};

template <class Function>
auto once::call(Function&& f) {
    return call_operation<Function>{*this, std::forward<Function>(f)};
}

}  // namespace corun
