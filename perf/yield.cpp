// What one yield costs in a ring of 2, 1000 and 10,000 fibers, beside the peers and the bare switch of stacks.
#include "support/yield.hpp"
#include "peers/yield_asio_spawn.hpp"
#include "peers/yield_awaitable.hpp"
#include "peers/yield_boost_fiber.hpp"
#include "peers/yield_jump_fcontext.hpp"
#include "support/iterations.hpp"

#include <corun.hpp>

#include <vector>

namespace {

void yield_corun(benchmark::State& state) {
    corun::run([&state] {
        perf::ring all{state};
        std::vector<corun::fiber<void>> others;
        others.reserve(all.others());
        for (std::size_t i = 0; i < all.others(); ++i)
            others.push_back(corun::spawn([&all] {
                while (all.turn()) corun::yield();
            }));
        corun::yield();
        while (all.lap()) corun::yield();
        for (auto& other : others) corun::yield(other.join());
        all.check();
    });
}

void sizes(benchmark::internal::Benchmark* cost) { perf::sizes(cost, {2, 1000, 10'000}); }

BENCHMARK(yield_corun)->Name("yield/corun")->Apply(sizes);
BENCHMARK(perf::yield_boost_fiber)->Name("yield/boost_fiber")->Apply(sizes);
BENCHMARK(perf::yield_asio_spawn<true>)->Name("yield/asio_spawn")->Apply(sizes);
BENCHMARK(perf::yield_awaitable<true>)->Name("yield/awaitable")->Apply(sizes);
BENCHMARK(perf::yield_asio_spawn<false>)->Name("yield/asio_spawn_no_io")->Apply(sizes);
BENCHMARK(perf::yield_awaitable<false>)->Name("yield/awaitable_no_io")->Apply(sizes);
BENCHMARK(perf::yield_jump_fcontext)->Name("yield/jump_fcontext")->Arg(2);
BENCHMARK(perf::yield_jump_fcontext_ring)->Name("yield/jump_fcontext")->Apply([](auto* cost) {
    perf::sizes(cost, {1000, 10'000});
});

}  // namespace

BENCHMARK_MAIN();
