// The completion handler of the yield token, and what it shares with the waiting fiber.
#pragma once

#include <corun/detail/op_memory.hpp>
#include <corun/detail/token_result.hpp>
#include <corun/operation.hpp>
#include <corun/scheduler.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <concepts>
#include <exception>
#include <tuple>
#include <utility>
#include <variant>

namespace corun::detail {

// On the fiber's stack while it waits. The handler writes to it, on any thread, and then sets `done`: from that moment the
// fiber may leave, so whoever sets it must hold a reference to the fiber and touch nothing here afterwards.
struct token_state_base {
    explicit token_state_base(fiber_record& self) noexcept : fiber{self} {}
    ~token_state_base() {
        fiber.stop_stage = 0;
        fiber.waits_elsewhere = false;
    }

    fiber_record& fiber;
    std::atomic<bool> done{false};
    bool abandoned = false;  // the handler was destroyed without being called
    bool cancelled = false;  // we asked the operation to stop
    std::exception_ptr failure;  // moving the arguments threw
};

// Emits the fiber's cancellation signal: total, then, in later turns of the loop and while the operation goes on, partial,
// terminal.
void ask_to_stop(token_state_base& state);
[[noreturn]] void throw_abandoned(fiber_record& self);
[[noreturn]] void throw_context_is_gone(fiber_record& self);
// Throws `cancelled` when the scheduler's context is being destroyed: an operation begun now would never complete.
inline void refuse_when_context_is_gone(fiber_record& self) {
    if (self.owner->is_dying()) [[unlikely]]
        throw_context_is_gone(self);
}
// Whether a context is another one than the fiber's: what waits for it is waited for when the fiber's own is destroyed.
[[nodiscard]] inline bool is_elsewhere(const fiber_record& self, const boost::asio::execution_context& context) noexcept {
    return &context != &self.owner->context;
}
[[nodiscard]] inline scheduler::executor_type executor_of(const fiber_record& fiber) noexcept {
    return scheduler::executor_type::of_fiber(*fiber.owner);
}

// Sets done and wakes. Takes over the handler's reference: the last touch of the state is the store.
inline void complete(token_state_base& state) noexcept {
    const fiber_ref fiber{&state.fiber, false};
    state.done.store(true, std::memory_order_release);
    wake(*fiber);
}

template <class... Signatures>
struct token_state : token_state_base {
    using token_state_base::token_state_base;

    template <class Signature>
    using arguments_of = typename signature_traits<Signature>::arguments;
    std::variant<std::monostate, arguments_of<Signatures>...> outcome;

    // The value of the yield. With ec, a failed leading error code goes there and the values are returned all the same.
    typename token_result<Signatures...>::type take(boost::system::error_code* ec) {
        if (failure) std::rethrow_exception(failure);
        if constexpr (sizeof...(Signatures) == 1)
            return read<0, Signatures...>(ec);
        else
            return take_from(ec, std::index_sequence_for<Signatures...>{});
    }

private:
    using result = typename token_result<Signatures...>::type;

    template <std::size_t... I>
    result take_from(boost::system::error_code* ec, std::index_sequence<I...>) {
        using reader = result (token_state::*)(boost::system::error_code*);
        static constexpr reader readers[] = {&token_state::template read<I, Signatures>...};
        return (this->*readers[outcome.index() - 1])(ec);
    }

    template <std::size_t I, class Signature>
    result read(boost::system::error_code* ec) {
        using values = typename signature_traits<Signature>::values;
        auto& arguments = std::get<I + 1>(outcome);
        if constexpr (values::has_disposition) judge(std::get<0>(arguments), ec);
        if constexpr (token_result<Signatures...>::agree) {
            return strip<values>(std::move(arguments));
        } else if constexpr (std::is_void_v<typename values::type>) {
            return result{std::in_place_index<I>};
        } else {
            return result{std::in_place_index<I>, strip<values>(std::move(arguments))};
        }
    }

    template <class Disposition>
    void judge(const Disposition& d, boost::system::error_code* ec) {
        const bool failed = disposition<Disposition>::failed(d);
        if (failed && cancelled && says_aborted(d)) throw_cancelled(fiber);
        if constexpr (std::is_same_v<Disposition, boost::system::error_code>) {
            if (ec != nullptr) {
                *ec = d;
                return;
            }
        }
        if (failed) disposition<Disposition>::raise(d);
    }
};

// Runs functions in place, on the fiber that initiates, as far down as its stack and its turn allow; posts them otherwise.
class inline_executor {
public:
    explicit inline_executor(fiber_record& fiber) noexcept : fiber_{&fiber} {}

    [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return executor_of(*fiber_).query(boost::asio::execution::context);
    }
    [[nodiscard]] static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) noexcept {
        return boost::asio::execution::blocking.possibly;
    }

    template <class Function>
    void execute(Function&& f) const {
        fiber_record& fiber = *fiber_;
        // Frames of a composed operation take some hundred bytes to some KiB each; the smallest stack must hold them.
        constexpr std::uint8_t deepest = 4;
        if (current_core() == fiber.owner && fiber.inline_depth < deepest && fiber.owner->spend()) {
            ++fiber.inline_depth;
            const leave_depth on_exit{fiber_ref{&fiber}};
            std::decay_t<Function> function{std::forward<Function>(f)};
            std::move(function)();
        } else {
            boost::asio::post(executor_of(fiber), std::forward<Function>(f));
        }
    }

    friend bool operator==(const inline_executor&, const inline_executor&) noexcept = default;

private:
    struct leave_depth {
        fiber_ref fiber;
        ~leave_depth() { --fiber->inline_depth; }
    };
    fiber_record* fiber_;
};

template <class... Signatures>
class token_handler;

template <class Derived, class Signature>
struct handler_call;
template <class Derived, class R, class... Args>
struct handler_call<Derived, R(Args...)> {
    void operator()(Args... args) {
        static_cast<Derived*>(this)->template finish<std::decay_t<Args>...>(std::forward<Args>(args)...);
    }
};
// A parameter whose move throws would do so before we are called.
template <class Derived, class R, class... Args>
    requires(!(std::is_nothrow_move_constructible_v<Args> && ...))
struct handler_call<Derived, R(Args...)> {
    template <class... Given>
        requires(sizeof...(Given) == sizeof...(Args) && (std::convertible_to<Given, Args> && ...))
    void operator()(Given&&... args) {
        static_cast<Derived*>(this)->template finish<std::decay_t<Args>...>(std::forward<Given>(args)...);
    }
};
// Move-only. Called once or destroyed uncalled; either way the fiber learns of it. It counts as a reference to the fiber, which the
// state knows: there are many moves, and to move one pointer is cheap.
template <class... Signatures>
class token_handler : public handler_call<token_handler<Signatures...>, typename signature_traits<Signatures>::plain>... {
public:
    using executor_type = scheduler::executor_type;
    using allocator_type = op_allocator<void>;
    using cancellation_slot_type = boost::asio::cancellation_slot;
    using immediate_executor_type = inline_executor;

    using handler_call<token_handler, typename signature_traits<Signatures>::plain>::operator()...;

    explicit token_handler(token_state<Signatures...>& state) noexcept : state_{&state} { intrusive_ptr_add_ref(&state.fiber); }
    token_handler(token_handler&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
    ~token_handler() {
        if (state_ != nullptr) [[unlikely]]
            abandon(*state_);
    }

    [[nodiscard]] executor_type get_executor() const noexcept { return executor_of(state_->fiber); }
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type{state_->fiber}; }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return state_->fiber.cancellation.slot(); }
    [[nodiscard]] immediate_executor_type get_immediate_executor() const noexcept { return inline_executor{state_->fiber}; }

    template <class... Decayed, class... Args>
    void finish(Args&&... args) noexcept {
        auto* state = std::exchange(state_, nullptr);
        try {
            state->outcome.template emplace<std::tuple<Decayed...>>(std::forward<Args>(args)...);
        } catch (...) {
            state->failure = std::current_exception();
        }
        complete(*state);
    }

private:
    [[gnu::noinline]] static void abandon(token_state_base& state) noexcept {
        state.abandoned = true;
        complete(state);
    }
    token_state<Signatures...>* state_;
};

}  // namespace corun::detail
