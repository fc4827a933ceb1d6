// Asio's experimental channels between C++20 coroutines. Each operation is tried first, as with asio::spawn; in place, because a
// coroutine that tries would be a frame more for each value.
#pragma once

#include "../support/channel.hpp"
#include "awaitable.hpp"
#include "channel_asio_spawn.hpp"
#include "reactor.hpp"

#include <optional>

namespace perf {

inline awaitable<void> echo(asio_channel& there, asio_channel& back) {
    for (;;) {
        std::optional<std::int64_t> v = received_at_once(there);
        if (!v) v = co_await there.async_receive(use_awaitable);
        if (*v == the_end) co_return;
        if (!sent_at_once(back, *v)) co_await back.async_send({}, *v, use_awaitable);
    }
}

inline awaitable<void> ping(benchmark::State& state, asio_channel& there, asio_channel& back, in_order& replies) {
    std::int64_t sent = 0;
    for ([[maybe_unused]] auto _ : state) {
        if (!sent_at_once(there, sent)) co_await there.async_send({}, sent, use_awaitable);
        ++sent;
        std::optional<std::int64_t> v = received_at_once(back);
        if (!v) v = co_await back.async_receive(use_awaitable);
        replies.arrived(*v);
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

template <class Channel>
awaitable<void> consume(Channel& c, in_order& values) {
    for (;;) {
        std::optional<std::int64_t> v = received_at_once(c);
        if (!v) v = co_await c.async_receive(use_awaitable);
        if (*v == the_end) co_return;
        values.arrived(*v);
    }
}

template <class Channel>
awaitable<void> produce(benchmark::State& state, Channel& c) {
    std::int64_t sent = 0;
    for ([[maybe_unused]] auto _ : state) {
        if (!sent_at_once(c, sent)) co_await c.async_send({}, sent, use_awaitable);
        ++sent;
    }
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
