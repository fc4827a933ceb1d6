// What the `asio::spawn` peers share: the token bound to the io_context's own executor, and the choice of stacks.
#pragma once

#include "../support/rethrow.hpp"
#include "asio.hpp"
#include "stacks.hpp"

#include <boost/asio/spawn.hpp>

#include <memory>
#include <utility>

namespace perf {

using yield_context = asio::basic_yield_context<io_executor>;

/// Starts a coroutine whose end `handler(std::exception_ptr)` is told.
template <class Stacks, class Function, class Handler>
void spawn(asio::io_context& io, Stacks stacks, Function function, Handler handler) {
    asio::spawn(io, std::allocator_arg, std::move(stacks), std::move(function), std::move(handler));
}

/// Starts a coroutine that nobody joins. What it throws leaves `io_context::run`.
template <class Stacks, class Function>
void spawn(asio::io_context& io, Stacks stacks, Function function) {
    perf::spawn(io, std::move(stacks), std::move(function), rethrow);
}

}  // namespace perf
