// What the Asio peers share: types with the io_context's own executor instead of the type-erased default, which
// costs an indirect call for every operation.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/wait_traits.hpp>

#include <chrono>

namespace perf {

namespace asio = boost::asio;

using io_executor = asio::io_context::executor_type;
using steady_timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, io_executor>;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, io_executor>;

/// Tells the io_context that one thread runs it, which spares it locking and waking.
inline constexpr int one_thread = 1;

}  // namespace perf
