// Spawn and join with C++20 coroutines: co_spawn as an operation that the parent awaits.
#pragma once

#include "../support/spawn_join.hpp"
#include "awaitable.hpp"
#include "reactor.hpp"

namespace perf {

inline awaitable<void> child(family& all) {
    all.work();
    co_return;
}

inline awaitable<void> parent(asio::io_context& io, family& all) {
    while (all.next()) co_await asio::co_spawn(io, child(all), use_awaitable);
}

template <bool WithReactor>
void spawn_join_awaitable(benchmark::State& state) {
    asio::io_context io{one_thread};
    if constexpr (WithReactor) open_reactor(io);
    family all{state};
    start(io, parent(io, all));
    io.run();
}

}  // namespace perf
