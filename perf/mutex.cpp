// What a contended mutex costs: fibers lock, yield and unlock.
#include "support/mutex.hpp"
#include "peers/mutex_asio.hpp"
#include "peers/mutex_boost_fiber.hpp"
#include "support/iterations.hpp"

#include <corun.hpp>

#include <vector>

namespace {

template <class Mutex>
void mutex_corun(benchmark::State& state) {
    corun::run([&] {
        Mutex m;
        perf::contest all{state};
        std::vector<corun::fiber<>> others;
        for (std::size_t i = perf::contenders(state); i != 0; --i)
            others.push_back(corun::spawn([&] {
                do {
                    const auto held = corun::yield(m.lock());
                    all.enter();
                    corun::yield();
                    all.leave();
                } while (all.again());
            }));
        for (auto& other : others) corun::yield(other.join());
        all.check();
    });
}

void sizes(benchmark::internal::Benchmark* cost) { perf::sizes(cost, {10}); }

BENCHMARK(mutex_corun<corun::mutex>)->Name("mutex/corun")->Apply(sizes);
BENCHMARK(mutex_corun<corun::concurrent_mutex>)->Name("mutex/corun_concurrent")->Apply(sizes);
BENCHMARK(perf::mutex_boost_fiber)->Name("mutex/boost_fiber")->Apply(sizes);
BENCHMARK(perf::mutex_asio_spawn)->Name("mutex/asio_spawn")->Apply(sizes);
BENCHMARK(perf::mutex_awaitable)->Name("mutex/awaitable")->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
