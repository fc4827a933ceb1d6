// A mutex for Asio's coroutines: a channel of capacity 1 that holds the permission, which is what Asio offers for it.
#pragma once

#include "../support/mutex.hpp"
#include "awaitable.hpp"
#include "channel_asio_spawn.hpp"
#include "reactor.hpp"

#include <boost/asio/post.hpp>

namespace perf {

inline void mutex_asio_spawn(benchmark::State& state) {
    asio::io_context io{one_thread};
    open_reactor(io);
    asio_channel permission{io.get_executor(), 1};
    permission.try_send(boost::system::error_code{}, 0);
    contest all{state};
    for (std::size_t i = contenders(state); i != 0; --i)
        perf::spawn(io, recycled_stacks(), [&](yield_context yield) {
            do {
                permission.async_receive(yield);
                all.enter();
                asio::post(yield);
                all.leave();
                permission.try_send(boost::system::error_code{}, 0);
            } while (all.again());
        });
    io.run();
    all.check();
}

inline awaitable<void> contend(asio_channel& permission, contest& all) {
    do {
        co_await permission.async_receive(use_awaitable);
        all.enter();
        co_await asio::post(use_awaitable);
        all.leave();
        permission.try_send(boost::system::error_code{}, 0);
    } while (all.again());
}

inline void mutex_awaitable(benchmark::State& state) {
    asio::io_context io{one_thread};
    open_reactor(io);
    asio_channel permission{io.get_executor(), 1};
    permission.try_send(boost::system::error_code{}, 0);
    contest all{state};
    for (std::size_t i = contenders(state); i != 0; --i) start(io, contend(permission, all));
    io.run();
    all.check();
}

}  // namespace perf
