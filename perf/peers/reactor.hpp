// An io_context asks the system for events only once it has something that can wait: a timer, a socket.
#pragma once

#include "asio.hpp"

namespace perf {

/// Makes the io_context what it is in every application that has a timer or a socket: one that looks for events on
/// each pass through its queue. Without this, its queue is measured alone, which no program runs for.
inline void open_reactor(asio::io_context& io) { steady_timer timer{io}; }

}  // namespace perf
