// Spawn and join with asio::spawn, which has no join of its own that works: in Boost 1.81 `spawn(ex, f, yield)` of a
// void child rethrows a null exception.
#pragma once

#include "../support/program.hpp"
#include "../support/spawn_join.hpp"
#include "asio_spawn.hpp"
#include "reactor.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace perf {

/// The parent waits; the child's completion handler wakes it. The wake-up has to be posted: run inside of the
/// handler, the parent would start its next child on top of this child's stack, and no stack would ever be released.
inline void wait_for_child(asio::io_context& io, family& all, yield_context yield) {
    const auto start = [&io, &all](auto parent) {
        perf::spawn(
            io, recycled_stacks(), [&all](yield_context) { all.work(); },
            [&io, parent = std::move(parent)](std::exception_ptr) mutable { asio::post(io, std::move(parent)); });
    };
    asio::async_initiate<yield_context, void()>(start, yield);
}

template <bool WithReactor>
void spawn_join_asio_spawn(benchmark::State& state) {
    asio::io_context io{one_thread};
    if constexpr (WithReactor) open_reactor(io);
    family all{state};
    perf::spawn(io, recycled_stacks(), [&](yield_context yield) {
        while (all.next()) wait_for_child(io, all, yield);
    });
    io.run();
}

/// The least it can be: spawn runs a child that does not wait at once, inside of the call, and a flag tells that
/// nothing is left to wait for. A child that does wait needs the form above.
inline void spawn_join_asio_spawn_inline(benchmark::State& state) {
    asio::io_context io{one_thread};
    family all{state};
    perf::spawn(io, recycled_stacks(), [&](yield_context) {
        while (all.next()) {
            bool ended = false;
            perf::spawn(
                io, recycled_stacks(), [&all](yield_context) { all.work(); }, [&ended](std::exception_ptr) { ended = true; });
            if (!ended) throw failure{"the child waits, and this form of join cannot"};
        }
    });
    io.run();
}

}  // namespace perf
