// corun::yield as a completion token: how a fiber waits for any Asio operation.
#pragma once

#include <corun/detail/token_handler.hpp>
#include <corun/detail/token_result.hpp>
#include <corun/yield.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>

#include <cstddef>
#include <source_location>
#include <string_view>
#include <tuple>
#include <utility>

namespace corun::detail {

// What an operation's initiation is called: Asio's are objects of types like basic_stream_socket<…>::initiate_async_receive.
struct initiation_name {
    char text[48];
    bool is_simulated;  // on objects of sim::network
};
constexpr initiation_name make_initiation_name(std::string_view type) noexcept {
    std::string_view word{"Asio operation"};
    if (const std::size_t at = type.find("initiate_async_"); at != type.npos) {
        word = type.substr(at + 9);  // from "async_" on
        word = word.substr(0, word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789"));
    }
    initiation_name name{{}, type.find("corun::sim::") != type.npos};
    for (std::size_t i = 0; i != word.size() && i + 1 != sizeof name.text; ++i) name.text[i] = word[i];
    return name;
}
template <class Initiation>
inline constexpr initiation_name name_of_initiation = make_initiation_name(pretty_name<Initiation>());

// An Asio operation as one of ours. `start` initiates it; the handler that it gives away fills the state, which stays on the
// fiber's stack: the fiber never leaves before the handler was called or destroyed.
template <class Initiation, class Arguments, class... Signatures>
class token_operation {
public:
    token_operation(fiber_record& self, Initiation&& initiation, Arguments&& arguments, boost::system::error_code* ec)
        : initiation_{std::forward<Initiation>(initiation)}, arguments_{std::move(arguments)}, state_{self}, ec_{ec} {}

    [[nodiscard]] bool ready() const noexcept { return state_.done.load(std::memory_order_acquire); }

    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(fiber_record&) {
        refuse_when_context_is_gone(state_.fiber);
        if constexpr (requires { initiation_.get_executor(); })
            state_.fiber.waits_elsewhere =
                is_elsewhere(state_.fiber, boost::asio::query(initiation_.get_executor(), boost::asio::execution::context));
        std::apply(
            [this](auto&&... arguments) {
                std::forward<Initiation>(initiation_)(token_handler<Signatures...>{state_},
                                                      std::forward<decltype(arguments)>(arguments)...);
            },
            std::move(arguments_));
    }

    [[nodiscard]] bool cancel() {
        state_.cancelled = true;
        ask_to_stop(state_);
        return false;
    }

    void describe_wait(wait_info& info) const noexcept {
        constexpr const initiation_name& name = name_of_initiation<std::decay_t<Initiation>>;
        info.say(name.text);
        if (name.is_simulated) info.source = wake_source::fibers;
    }

    decltype(auto) get() {
        if (state_.abandoned) throw_abandoned(state_.fiber);
        return state_.take(ec_);
    }

private:
    Initiation&& initiation_;
    Arguments arguments_;
    token_state<Signatures...> state_;
    boost::system::error_code* ec_;
};

template <class... Signatures, class Initiation, class... Arguments>
decltype(auto) await_initiation(yield_token token, Initiation&& initiation, Arguments&&... arguments) {
    using tuple = std::tuple<Arguments&&...>;
    fiber_record& self = enter_operation(token.where(std::source_location{}));
    token_operation<Initiation, tuple, Signatures...> op{self, std::forward<Initiation>(initiation),
                                                         tuple{std::forward<Arguments>(arguments)...}, token.error()};
    await(self, op);
    return op.get();
}

template <class Token, class T, class Executor>
auto await_coroutine(fiber_record& self, boost::asio::awaitable<T, Executor> coroutine, Token token) {
    return boost::asio::co_spawn(executor_of(self), std::move(coroutine), std::move(token));
}

}  // namespace corun::detail

template <class... Signatures>
class boost::asio::async_result<corun::yield_token, Signatures...> {
public:
    using return_type = typename corun::detail::token_result<Signatures...>::type;

    template <class Initiation, class... Arguments>
    static return_type initiate(Initiation&& initiation, corun::yield_token token, Arguments&&... arguments) {
        return corun::detail::await_initiation<Signatures...>(token, std::forward<Initiation>(initiation),
                                                              std::forward<Arguments>(arguments)...);
    }
};

template <class... Signatures>
class boost::asio::async_result<corun::yield_t, Signatures...>
    : public boost::asio::async_result<corun::yield_token, Signatures...> {};
