// What the `awaitable` peers share: the coroutine type bound to the io_context's own executor, and its token.
#pragma once

#include "../support/rethrow.hpp"
#include "asio.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace perf {

template <class T>
using awaitable = asio::awaitable<T, io_executor>;
inline constexpr asio::use_awaitable_t<io_executor> use_awaitable{};

/// Starts a coroutine that nobody joins. What it throws leaves `io_context::run`.
inline void start(asio::io_context& io, awaitable<void> coroutine) { asio::co_spawn(io, std::move(coroutine), rethrow); }

}  // namespace perf
