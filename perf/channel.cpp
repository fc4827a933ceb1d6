// What a channel costs: a round trip over two of capacity 0, and a value from a producer that may be some values ahead of its
// consumer. And the same beside many fibers that wait, which should not matter.
#include "support/channel.hpp"
#include "peers/channel_asio_spawn.hpp"
#include "peers/channel_awaitable.hpp"
#include "peers/channel_boost_fiber.hpp"
#include "peers/yield_jump_fcontext.hpp"
#include "support/iterations.hpp"

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
        corun::channel<std::int64_t> c{perf::capacity(state)};
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

void capacities(benchmark::internal::Benchmark* cost) {
    for (const std::int64_t each : {1, 64, 1024}) cost->Arg(each);
    perf::counted(cost);
}
void waiters(benchmark::internal::Benchmark* cost) { perf::sizes(cost, {1, 1000, 100'000}); }

BENCHMARK(ping_pong_corun)->Name("ping_pong/corun")->Apply(perf::counted);
BENCHMARK(perf::ping_pong_boost_fiber)->Name("ping_pong/boost_fiber")->Apply(perf::counted);
BENCHMARK(perf::ping_pong_asio_spawn)->Name("ping_pong/asio_spawn")->Apply(perf::counted);
BENCHMARK(perf::ping_pong_awaitable)->Name("ping_pong/awaitable")->Apply(perf::counted);
BENCHMARK(perf::yield_jump_fcontext)->Name("ping_pong/jump_fcontext");
BENCHMARK(stream_corun)->Name("producer_consumer/corun")->Apply(capacities);
BENCHMARK(perf::stream_boost_fiber)->Name("producer_consumer/boost_fiber")->Apply(capacities);
BENCHMARK(perf::stream_asio_spawn)->Name("producer_consumer/asio_spawn")->Apply(capacities);
BENCHMARK(perf::stream_awaitable)->Name("producer_consumer/awaitable")->Apply(capacities);
BENCHMARK(waiters_corun)->Name("ping_pong/corun/waiters")->Apply(waiters);

}  // namespace

BENCHMARK_MAIN();
