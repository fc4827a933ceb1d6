// What it costs to pass a value from one thread to another: a producer that may be 1024 ahead, and its consumer.
#include "peers/boost_fiber.hpp"
#include "peers/channel_awaitable.hpp"
#include "support/channel.hpp"
#include "support/iterations.hpp"

#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/fiber/buffered_channel.hpp>
#include <corun.hpp>

#include <thread>

namespace {

namespace asio = boost::asio;

void fiber_to_fiber(benchmark::State& state) {
    corun::concurrent_channel<std::int64_t> c{perf::ahead};
    perf::in_order values{state};
    std::jthread consumer{[&] {
        corun::run([&] {
            while (const auto v = corun::yield(c.receive())) values.arrived(*v);
        });
    }};
    corun::run([&] {
        std::int64_t sent = 0;
        for ([[maybe_unused]] auto _ : state) corun::yield(c.send(sent++));
        c.close();
    });
    consumer.join();
    values.check();
}

void thread_to_fiber(benchmark::State& state) {
    corun::concurrent_channel<std::int64_t> c{perf::ahead};
    perf::in_order values{state};
    std::jthread consumer{[&] {
        corun::run([&] {
            while (const auto v = corun::yield(c.receive())) values.arrived(*v);
        });
    }};
    std::int64_t sent = 0;
    for ([[maybe_unused]] auto _ : state) c.blocking_send(sent++);
    c.close();
    consumer.join();
    values.check();
}

void boost_fiber(benchmark::State& state) {
    boost::fibers::buffered_channel<std::int64_t> c{perf::ahead};
    perf::in_order values{state};
    std::jthread consumer{[&] {
        for (std::int64_t v = 0; c.pop(v) == boost::fibers::channel_op_status::success;) values.arrived(v);
    }};
    std::int64_t sent = 0;
    for ([[maybe_unused]] auto _ : state) c.push(sent++);
    c.close();
    consumer.join();
    values.check();
}

using asio_channel = asio::experimental::basic_concurrent_channel<perf::io_executor, asio::experimental::channel_traits<>,
                                                                  void(boost::system::error_code, std::int64_t)>;

void awaitable(benchmark::State& state) {
    asio::io_context one{1}, other{1};
    asio_channel c{one.get_executor(), perf::ahead};
    perf::in_order values{state};
    perf::start(other, perf::consume(c, values));
    perf::start(one, perf::produce(state, c));
    std::jthread consumer{[&] { other.run(); }};
    one.run();
    consumer.join();
    values.check();
}

// By the clock, as the threads work at the same time; and processor time is that of both.
void by_the_clock(benchmark::internal::Benchmark* cost) {
    cost->UseRealTime()->MeasureProcessCPUTime();
    perf::counted(cost);
}

BENCHMARK(fiber_to_fiber)->Name("concurrent_channel/corun")->Apply(by_the_clock);
BENCHMARK(thread_to_fiber)->Name("concurrent_channel/corun_from_thread")->Apply(by_the_clock);
BENCHMARK(boost_fiber)->Name("concurrent_channel/boost_fiber")->Apply(by_the_clock);
BENCHMARK(awaitable)->Name("concurrent_channel/awaitable")->Apply(by_the_clock);

}  // namespace

BENCHMARK_MAIN();
