// corun: fibers on Boost.Asio. Top to bottom, this follows the life of a fiber.
#pragma once

// clang-format off: the order tells
#include <corun/run.hpp>         // a program of its own
#include <corun/runtime.hpp>     // or one on all cores
#include <corun/spawn.hpp>       // a fiber begins
#include <corun/scheduler.hpp>   // and is scheduled,
#include <corun/this_fiber.hpp>  // knows itself,
#include <corun/yield.hpp>       // gives way,
#include <corun/operation.hpp>   // waits for something:
#include <corun/sleep.hpp>       // a time,
#include <corun/io.hpp>          // a descriptor,
#include <corun/socket.hpp>      // a socket's data,
#include <corun/stream.hpp>      // … through libraries,
#include <corun/token.hpp>       // any operation of Asio,
#include <corun/blocking.hpp>    // another thread,
#include <corun/file.hpp>        // a file;
#include <corun/fiber_local.hpp> // has variables of its own,
#include <corun/timeout.hpp>     // no longer than a deadline,
#include <corun/stop_token.hpp>  // until a std::stop_token says so,
#include <corun/shield.hpp>      // undisturbed for a while,
#include <corun/scoped_value.hpp>  // with values that its children see,
#include <corun/group.hpp>       // together with others,
#include <corun/supervise.hpp>   // and started anew when they end;
#include <corun/select.hpp>      // the first of several,
#include <corun/race.hpp>        // … of Asio's,
#include <corun/all.hpp>         // or all of them;
#include <corun/channel.hpp>     // talks to other fibers,
#include <corun/mutex.hpp>       // keeps them out,
#include <corun/shared_mutex.hpp>
#include <corun/condition_variable.hpp>
#include <corun/semaphore.hpp>
#include <corun/event.hpp>       // waits for what they do,
#include <corun/latch.hpp>
#include <corun/wait_group.hpp>
#include <corun/barrier.hpp>
#include <corun/once.hpp>
#include <corun/broadcast.hpp>
#include <corun/rate_limiter.hpp>
#include <corun/concurrent_channel.hpp>  // across schedulers and threads,
#include <corun/concurrent_mutex.hpp>
#include <corun/concurrent_semaphore.hpp>
#include <corun/concurrent_event.hpp>
#include <corun/concurrent_latch.hpp>
#include <corun/concurrent_broadcast.hpp>
#include <corun/concurrent_wait_group.hpp>
#include <corun/fiber.hpp>       // is joined,
#include <corun/error.hpp>       // or fails,
#include <corun/dump.hpp>        // and is seen from outside
#include <corun/trace.hpp>       // over time,
#include <corun/stall.hpp>       // when it cannot go on,
#include <corun/watchdog.hpp>    // when it runs too long,
#include <corun/checked_mutex.hpp>  // or holds what it should not,
#include <corun/metrics.hpp>     // in figures,
#include <corun/overflow.hpp>    // and when its stack runs out.
// clang-format on
