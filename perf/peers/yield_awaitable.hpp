// Yield with C++20 coroutines: a coroutine posts its own continuation.
#pragma once

#include "../support/yield.hpp"
#include "awaitable.hpp"
#include "reactor.hpp"

#include <boost/asio/post.hpp>

namespace perf {

inline awaitable<void> take_turns(ring& all) {
    // Without an executor as its first argument, post goes straight to the coroutine's own.
    while (all.turn()) co_await asio::post(use_awaitable);
}

inline awaitable<void> measure_laps(ring& all) {
    co_await asio::post(use_awaitable);
    while (all.lap()) co_await asio::post(use_awaitable);
}

template <bool WithReactor>
void yield_awaitable(benchmark::State& state) {
    asio::io_context io{one_thread};
    if constexpr (WithReactor) open_reactor(io);
    ring all{state};
    for (std::size_t i = 0; i < all.others(); ++i) start(io, take_turns(all));
    start(io, measure_laps(all));
    io.run();
    all.check();
}

}  // namespace perf
