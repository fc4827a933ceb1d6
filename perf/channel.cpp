// What a channel costs: a round trip over two of capacity 0, and a value from a producer to a consumer that may be 1024 behind. And
// the same beside many fibers that wait, which should not matter.
#include "support/channel.hpp"
#include "support/iterations.hpp"
#include "peers/channel_asio_spawn.hpp"
#include "peers/channel_awaitable.hpp"
#include "peers/channel_boost_fiber.hpp"
#include "peers/yield_jump_fcontext.hpp"

#include <corun.hpp>

#include <vector>

namespace {

void ping_pong_corun(benchmark::State& state) {
    corun::run([&] {
        corun::channel<std::int64_t> there, back;
        auto echo = corun::spawn([&] {
            while (const auto v = corun::yield(there.receive())) corun::yield(back.send(*v));
        });
        perf::in_order replies{state};
        std::int64_t sent = 0;
        for ([[maybe_unused]] auto _ : state) {
            corun::yield(there.send(sent++));
            replies.arrived(*corun::yield(back.receive()));
        }
        there.close();
        corun::yield(echo.join());
        replies.check();
    });
}

void stream_corun(benchmark::State& state) {
    corun::run([&] {
        corun::channel<std::int64_t> c{perf::ahead};
        perf::in_order values{state};
        auto consumer = corun::spawn([&] {
            while (const auto v = corun::yield(c.receive())) values.arrived(*v);
        });
        std::int64_t sent = 0;
        for ([[maybe_unused]] auto _ : state) corun::yield(c.send(sent++));
        c.close();
        corun::yield(consumer.join());
        values.check();
    });
}

// A value to the first of many receivers, which goes to the end of the line.
void waiters_corun(benchmark::State& state) {
    corun::run([&] {
        corun::channel<std::int64_t> c;
        std::vector<corun::fiber<>> receivers;
        for (auto i = state.range(0); i > 0; --i)
            receivers.push_back(corun::spawn({.stack_size = 32 * 1024}, [&] {
                while (corun::yield(c.receive())) {
                }
            }));
        corun::yield();
        for ([[maybe_unused]] auto _ : state) {
            corun::yield(c.send(1));
            corun::yield();
        }
        c.close();
        for (auto& r : receivers) corun::yield(r.join());
    });
}

BENCHMARK(ping_pong_corun)->Name("channel/corun/ping_pong")->Apply(perf::counted);
BENCHMARK(perf::ping_pong_boost_fiber)->Name("channel/boost_fiber/ping_pong")->Apply(perf::counted);
BENCHMARK(perf::ping_pong_asio_spawn)->Name("channel/asio_spawn/ping_pong")->Apply(perf::counted);
BENCHMARK(perf::ping_pong_awaitable)->Name("channel/awaitable/ping_pong")->Apply(perf::counted);
BENCHMARK(perf::yield_jump_fcontext)->Name("channel/jump_fcontext/ping_pong")->Apply(perf::counted);
BENCHMARK(stream_corun)->Name("channel/corun/stream")->Apply(perf::counted);
BENCHMARK(perf::stream_boost_fiber)->Name("channel/boost_fiber/stream")->Apply(perf::counted);
BENCHMARK(perf::stream_asio_spawn)->Name("channel/asio_spawn/stream")->Apply(perf::counted);
BENCHMARK(perf::stream_awaitable)->Name("channel/awaitable/stream")->Apply(perf::counted);
BENCHMARK(waiters_corun)->Name("channel/corun/waiters")->Arg(1)->Arg(1000)->Arg(100'000)->Apply(perf::counted);

}  // namespace

BENCHMARK_MAIN();
