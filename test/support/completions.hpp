// Asio operations for tests: they complete with what the test says, where and when it says.
#pragma once

#include <corun/sleep.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace corun_test {

/// Called on a fiber. Completes with the values, posted to the handler's executor, else to the fiber's:
/// `complete_with<void(int)>(token, 5)`.
template <class... Signatures, class Token, class... Values>
auto complete_with(Token&& token, Values... values) {
    return boost::asio::async_initiate<Token, Signatures...>(
        [](auto handler, auto... initial) {
            const auto executor = boost::asio::get_associated_executor(handler, corun::this_fiber::executor());
            boost::asio::post(executor, [handler = std::move(handler), ... last = std::move(initial)]() mutable {
                std::move(handler)(std::move(last)...);
            });
        },
        token, std::move(values)...);
}

/// Gives its handler to a function, which calls, keeps or destroys it.
template <class... Signatures, class Token, class Function>
auto hand_over(Token&& token, Function f) {
    return boost::asio::async_initiate<Token, Signatures...>(
        [](auto handler, auto function) { std::move(function)(std::move(handler)); }, token, std::move(f));
}

/// Called on a fiber. So many turns of the loop that a request which is going to be made has been made.
inline void pass_turns() {
    for (int i = 0; i != 10; ++i) corun::yield(corun::sleep_for(std::chrono::microseconds{100}));
}

/// Keeps a handler and notes what its cancellation slot is told; completes as aborted at one kind of request.
struct asked {
    std::vector<boost::asio::cancellation_type> types;
    boost::asio::cancellation_type heeds = boost::asio::cancellation_type::total;
    std::function<void(boost::system::error_code, int)> complete;

    template <class Token>
    auto wait(Token&& token) {
        return hand_over<void(boost::system::error_code, int)>(std::forward<Token>(token), [this](auto handler) {
            auto slot = boost::asio::get_associated_cancellation_slot(handler);
            auto kept = std::make_shared<decltype(handler)>(std::move(handler));
            complete = [kept, this](boost::system::error_code ec, int n) {
                auto own = std::move(kept);
                const auto outlives_the_call = std::move(complete);
                std::move (*own)(ec, n);
            };
            slot.assign([this](boost::asio::cancellation_type type) {
                types.push_back(type);
                if (type == heeds) complete(boost::asio::error::operation_aborted, 0);
            });
        });
    }
};

}  // namespace corun_test
