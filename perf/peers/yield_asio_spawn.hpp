// Yield with asio::spawn: a coroutine posts its own continuation.
#pragma once

#include "../support/yield.hpp"
#include "asio_spawn.hpp"
#include "reactor.hpp"

#include <boost/asio/post.hpp>

namespace perf {

template <bool WithReactor>
void yield_asio_spawn(benchmark::State& state) {
    asio::io_context io{one_thread};
    if constexpr (WithReactor) open_reactor(io);
    ring all{state};
    for (std::size_t i = 0; i < all.others(); ++i)
        perf::spawn(io, recycled_stacks(), [&all](yield_context yield) {
            while (all.turn()) asio::post(yield);
        });
    perf::spawn(io, recycled_stacks(), [&all](yield_context yield) {
        asio::post(yield);
        while (all.lap()) asio::post(yield);
    });
    io.run();
    all.check();
}

}  // namespace perf
