// Asio operations that run at the same time for one fiber.
#pragma once

#include <corun/detail/joint_operation.hpp>
#include <corun/detail/token_handler.hpp>
#include <corun/operation.hpp>
#include <corun/token.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>

#include <optional>
#include <utility>

namespace corun::detail {

// A token that starts nothing and returns the completion signatures.
struct ask_signatures {};
template <class...>
struct signature_list {};

}  // namespace corun::detail

template <class... Signatures>
class boost::asio::async_result<corun::detail::ask_signatures, Signatures...> {
public:
    using return_type = corun::detail::signature_list<Signatures...>;
    template <class Initiation, class... Arguments>
    static return_type initiate(Initiation&&, const corun::detail::ask_signatures&, Arguments&&...) {
        return {};
    }
};

namespace corun::detail {

template <class Op>
using signatures_of = decltype(std::declval<Op>()(ask_signatures{}));

// A token that starts an operation with a handler of ours, and tells whether its context is another one than the fiber's.
template <class Handler>
struct start_branch {
    Handler handler;
    const fiber_record& fiber;
    bool& is_elsewhere;
};

}  // namespace corun::detail

template <class Handler, class... Signatures>
class boost::asio::async_result<corun::detail::start_branch<Handler>, Signatures...> {
public:
    using return_type = void;
    template <class Initiation, class... Arguments>
    static void initiate(Initiation&& initiation, corun::detail::start_branch<Handler> start, Arguments&&... arguments) {
        if constexpr (requires { initiation.get_executor(); })
            start.is_elsewhere = corun::detail::is_elsewhere(
                start.fiber, boost::asio::query(initiation.get_executor(), boost::asio::execution::context));
        std::forward<Initiation>(initiation)(std::move(start.handler), std::forward<Arguments>(arguments)...);
    }
};

namespace corun::detail {

template <class List>
struct branch_state;
template <class... Signatures>
struct branch_state<signature_list<Signatures...>> {
    using handler = token_handler<Signatures...>;
    using state = token_state<Signatures...>;
};

// An Asio operation as one of ours, with a cancellation signal of its own. On the fiber's stack, which
// it does not leave before the handler was called or destroyed.
template <class Op>
class branch {
public:
    explicit branch(Op&& op) : op_{std::move(op)} {}
    branch(branch&& other) : op_{std::move(other.op_)} {}  // before it starts

    [[nodiscard]] bool ready() const noexcept { return state_ && state_->done.load(std::memory_order_acquire); }
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(fiber_record& self) {
        refuse_when_context_is_gone(self);
        state_.emplace(self);
        auto handler = boost::asio::bind_cancellation_slot(signal_.slot(), typename kind::handler{*state_});
        std::move(op_)(start_branch<decltype(handler)>{std::move(handler), self, is_elsewhere_});
    }
    // Whether another context will end it.
    [[nodiscard]] bool is_elsewhere() const noexcept { return is_elsewhere_ && !ready(); }
    // Never withdrawn: it is asked in every way that an operation may heed, and waited for.
    [[nodiscard]] bool cancel() {
        signal_.emit(boost::asio::cancellation_type::all);
        return false;
    }
    auto get() {
        if (state_->abandoned) throw_abandoned(state_->fiber);
        return state_->take(nullptr);
    }

private:
    using kind = branch_state<signatures_of<Op>>;

    Op op_;
    boost::asio::cancellation_signal signal_;
    std::optional<typename kind::state> state_;
    bool is_elsewhere_ = false;
};

// A coroutine like Asio's deferred operations. It runs on the scheduler of the fiber that starts it.
template <class T, class Executor>
struct deferred_coroutine {
    boost::asio::awaitable<T, Executor> coroutine;

    template <class Token>
    auto operator()(Token&& token) && {
        return await_coroutine(*current_core()->running, std::move(coroutine), std::forward<Token>(token));
    }
};

// What runs in a race or among all: an operation of ours as it is, or by reference; Asio's, and a coroutine, as a branch.
template <class T, class Executor>
auto as_branch(boost::asio::awaitable<T, Executor>&& coroutine) {
    using op = deferred_coroutine<T, Executor>;
    return joint_case<branch<op>>{branch<op>{op{std::move(coroutine)}}};
}
template <class T>
auto as_branch(T&& op) {
    using plain = std::remove_cvref_t<T>;
    if constexpr (asio_operation<plain>) {
        return joint_case<branch<plain>>{branch<plain>{plain{std::forward<T>(op)}}};
    } else {
        static_assert(
            operation<plain>,
            "race and all take operations; a function, or a block like with_timeout, runs on the fiber itself: spawn it and join");
        return joint_case<std::conditional_t<std::is_lvalue_reference_v<T>, T, plain>>{std::forward<T>(op)};
    }
}

}  // namespace corun::detail
