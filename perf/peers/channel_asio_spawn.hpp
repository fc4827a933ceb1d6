// Asio's experimental channels between coroutines of asio::spawn.
#pragma once

#include "../support/channel.hpp"
#include "asio_spawn.hpp"
#include "reactor.hpp"

#include <boost/asio/experimental/channel.hpp>

namespace perf {

using asio_channel = asio::experimental::basic_channel<io_executor, asio::experimental::channel_traits<>,
                                                       void(boost::system::error_code, std::int64_t)>;

inline void ping_pong_asio_spawn(benchmark::State& state) {
    asio::io_context io{one_thread};
    open_reactor(io);
    asio_channel there{io.get_executor()}, back{io.get_executor()};
    in_order replies{state};
    perf::spawn(io, recycled_stacks(), [&](yield_context yield) {
        for (std::int64_t v = there.async_receive(yield); v != the_end; v = there.async_receive(yield))
            back.async_send({}, v, yield);
    });
    perf::spawn(io, recycled_stacks(), [&](yield_context yield) {
        std::int64_t sent = 0;
        for ([[maybe_unused]] auto _ : state) {
            there.async_send({}, sent++, yield);
            replies.arrived(back.async_receive(yield));
        }
        there.async_send({}, the_end, yield);
    });
    io.run();
    replies.check();
}

inline void stream_asio_spawn(benchmark::State& state) {
    asio::io_context io{one_thread};
    open_reactor(io);
    asio_channel c{io.get_executor(), capacity(state)};
    in_order values{state};
    perf::spawn(io, recycled_stacks(), [&](yield_context yield) {
        for (std::int64_t v = c.async_receive(yield); v != the_end; v = c.async_receive(yield)) values.arrived(v);
    });
    perf::spawn(io, recycled_stacks(), [&](yield_context yield) {
        std::int64_t sent = 0;
        for ([[maybe_unused]] auto _ : state) c.async_send({}, sent++, yield);
        c.async_send({}, the_end, yield);
    });
    io.run();
    values.check();
}

}  // namespace perf
