// Asio operations for tests: they complete with what the test says, where and when it says.
#pragma once

#include <corun/this_fiber.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace corun_test {

/// Called on a fiber. Completes with the values, posted to the handler's executor, else to the fiber's: `complete_with<void(int)>(token, 5)`.
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

}  // namespace corun_test
