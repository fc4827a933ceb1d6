// Asio's experimental channels between C++20 coroutines.
#pragma once

#include "../support/channel.hpp"
#include "awaitable.hpp"
#include "channel_asio_spawn.hpp"
#include "reactor.hpp"

namespace perf {

inline awaitable<void> echo(asio_channel& there, asio_channel& back) {
    for (std::int64_t v = co_await there.async_receive(use_awaitable); v != the_end;
         v = co_await there.async_receive(use_awaitable))
        co_await back.async_send({}, v, use_awaitable);
}

inline awaitable<void> ping(benchmark::State& state, asio_channel& there, asio_channel& back, in_order& replies) {
    std::int64_t sent = 0;
    for ([[maybe_unused]] auto _ : state) {
        co_await there.async_send({}, sent++, use_awaitable);
        replies.arrived(co_await back.async_receive(use_awaitable));
    }
    co_await there.async_send({}, the_end, use_awaitable);
}

inline void ping_pong_awaitable(benchmark::State& state) {
    asio::io_context io{one_thread};
    open_reactor(io);
    asio_channel there{io.get_executor()}, back{io.get_executor()};
    in_order replies{state};
    start(io, echo(there, back));
    start(io, ping(state, there, back, replies));
    io.run();
    replies.check();
}

inline awaitable<void> consume(asio_channel& c, in_order& values) {
    for (std::int64_t v = co_await c.async_receive(use_awaitable); v != the_end; v = co_await c.async_receive(use_awaitable))
        values.arrived(v);
}

inline awaitable<void> produce(benchmark::State& state, asio_channel& c) {
    std::int64_t sent = 0;
    for ([[maybe_unused]] auto _ : state) co_await c.async_send({}, sent++, use_awaitable);
    co_await c.async_send({}, the_end, use_awaitable);
}

inline void stream_awaitable(benchmark::State& state) {
    asio::io_context io{one_thread};
    open_reactor(io);
    asio_channel c{io.get_executor(), capacity(state)};
    in_order values{state};
    start(io, consume(c, values));
    start(io, produce(state, c));
    io.run();
    values.check();
}

}  // namespace perf
