// Channels of Boost.Fiber.
#pragma once

#include "../support/channel.hpp"
#include "boost_fiber.hpp"

#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/unbuffered_channel.hpp>

#include <algorithm>

namespace perf {

inline void ping_pong_boost_fiber(benchmark::State& state) {
    fibers::unbuffered_channel<std::int64_t> there, back;
    fibers::fiber echo = start_fiber(fibers::launch::post, recycled_stacks(), [&] {
        for (std::int64_t v = 0; there.pop(v) == fibers::channel_op_status::success;) back.push(v);
    });
    in_order replies{state};
    std::int64_t sent = 0;
    for ([[maybe_unused]] auto _ : state) {
        there.push(sent++);
        std::int64_t v = 0;
        back.pop(v);
        replies.arrived(v);
    }
    there.close();
    echo.join();
    replies.check();
}

inline void stream_boost_fiber(benchmark::State& state) {
    // A power of two, of which it leaves one unused.
    fibers::buffered_channel<std::int64_t> c{std::max<std::size_t>(2, capacity(state))};
    in_order values{state};
    fibers::fiber consumer = start_fiber(fibers::launch::post, recycled_stacks(), [&] {
        for (std::int64_t v = 0; c.pop(v) == fibers::channel_op_status::success;) values.arrived(v);
    });
    std::int64_t sent = 0;
    for ([[maybe_unused]] auto _ : state) c.push(sent++);
    c.close();
    consumer.join();
    values.check();
}

}  // namespace perf
