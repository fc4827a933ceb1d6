// Asio's experimental channels between coroutines of asio::spawn. Each operation is tried first: those that complete at once by
// themselves would still be posted, and cost a turn.
#pragma once

#include "../support/channel.hpp"
#include "asio_spawn.hpp"
#include "reactor.hpp"

#include <boost/asio/experimental/channel.hpp>

#include <optional>

namespace perf {

using asio_channel = asio::experimental::basic_channel<io_executor, asio::experimental::channel_traits<>,
                                                       void(boost::system::error_code, std::int64_t)>;

/// A value that is there already.
template <class Channel>
std::optional<std::int64_t> received_at_once(Channel& c) {
    std::optional<std::int64_t> value;
    c.try_receive([&value](boost::system::error_code, std::int64_t received) { value = received; });
    return value;
}

template <class Channel>
bool sent_at_once(Channel& c, std::int64_t value) {
    return c.try_send(boost::system::error_code{}, value);
}

inline std::int64_t receive(asio_channel& c, yield_context yield) {
    const std::optional<std::int64_t> value = received_at_once(c);
    return value ? *value : c.async_receive(yield);
}

inline void send(asio_channel& c, std::int64_t value, yield_context yield) {
    if (!sent_at_once(c, value)) c.async_send({}, value, yield);
}

inline void ping_pong_asio_spawn(benchmark::State& state) {
    asio::io_context io{one_thread};
    open_reactor(io);
    asio_channel there{io.get_executor()}, back{io.get_executor()};
    in_order replies{state};
    perf::spawn(io, recycled_stacks(), [&](yield_context yield) {
        for (std::int64_t v = receive(there, yield); v != the_end; v = receive(there, yield)) send(back, v, yield);
    });
    perf::spawn(io, recycled_stacks(), [&](yield_context yield) {
        std::int64_t sent = 0;
        for ([[maybe_unused]] auto _ : state) {
            send(there, sent++, yield);
            replies.arrived(receive(back, yield));
        }
        send(there, the_end, yield);
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
        for (std::int64_t v = receive(c, yield); v != the_end; v = receive(c, yield)) values.arrived(v);
    });
    perf::spawn(io, recycled_stacks(), [&](yield_context yield) {
        std::int64_t sent = 0;
        for ([[maybe_unused]] auto _ : state) send(c, sent++, yield);
        send(c, the_end, yield);
    });
    io.run();
    values.check();
}

}  // namespace perf
