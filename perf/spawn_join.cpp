// What it costs to start one fiber and to wait for its end, one at a time.
#include "support/spawn_join.hpp"
#include "peers/spawn_join_asio_spawn.hpp"
#include "peers/spawn_join_awaitable.hpp"
#include "peers/spawn_join_boost_fiber.hpp"
#include "support/iterations.hpp"

#include <corun.hpp>

namespace {

void spawn_join_corun(benchmark::State& state) {
    corun::run([&state] {
        perf::family all{state};
        while (all.next()) corun::yield(corun::spawn([&all] { all.work(); }).join());
    });
}

BENCHMARK(spawn_join_corun)->Name("spawn_join/corun")->Apply(perf::counted);
BENCHMARK(perf::spawn_join_boost_fiber<perf::fibers::launch::post>)->Name("spawn_join/boost_fiber")->Apply(perf::counted);
BENCHMARK(perf::spawn_join_asio_spawn<true>)->Name("spawn_join/asio_spawn")->Apply(perf::counted);
BENCHMARK(perf::spawn_join_awaitable<true>)->Name("spawn_join/awaitable")->Apply(perf::counted);
BENCHMARK(perf::spawn_join_asio_spawn<false>)->Name("spawn_join/asio_spawn_no_io")->Apply(perf::counted);
BENCHMARK(perf::spawn_join_awaitable<false>)->Name("spawn_join/awaitable_no_io")->Apply(perf::counted);
BENCHMARK(perf::spawn_join_boost_fiber<perf::fibers::launch::dispatch>)
    ->Name("spawn_join/boost_fiber_inline")
    ->Apply(perf::counted);
BENCHMARK(perf::spawn_join_asio_spawn_inline)->Name("spawn_join/asio_spawn_inline")->Apply(perf::counted);

}  // namespace

BENCHMARK_MAIN();
