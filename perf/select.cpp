// What a select costs beside a plain receive of the same value from the same sender: it waits for seven more channels that are
// idle and a timer that does not come: one that is set anew each time, which reads the clock, or a deadline for all.
#include "support/iterations.hpp"

#include <benchmark/benchmark.h>

#include <corun.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace {

using namespace std::chrono_literals;

template <class Receive>
void measure(benchmark::State& state, Receive receive) {
    corun::run([&] {
        std::array<corun::channel<std::int64_t>, 8> c;
        auto sender = corun::spawn([&] {
            try {
                for (std::int64_t i = 0;; ++i) corun::yield(c[5].send(i));
            } catch (const corun::channel_closed&) {
            }
        });
        std::int64_t next = 0;
        bool wrong = false;
        for ([[maybe_unused]] auto _ : state) wrong |= receive(c) != next++;
        c[5].close();
        corun::yield(sender.join());
        if (wrong) state.SkipWithError("values were lost or out of order");
    });
}

void plain_receive(benchmark::State& state) {
    measure(state, [](auto& c) { return *corun::yield(c[5].receive()); });
}

void select_of_8_and_a_timer(benchmark::State& state) {
    measure(state, [](auto& c) {
        auto result = corun::yield(corun::select(c[0].receive(), c[1].receive(), c[2].receive(), c[3].receive(), c[4].receive(),
                                                 c[5].receive(), c[6].receive(), c[7].receive(), corun::sleep_for(1h)));
        return *std::get<5>(result);
    });
}

void select_of_8_and_a_deadline(benchmark::State& state) {
    const auto deadline = corun::clock::now() + 1h;
    measure(state, [deadline](auto& c) {
        auto result = corun::yield(corun::select(c[0].receive(), c[1].receive(), c[2].receive(), c[3].receive(), c[4].receive(),
                                                 c[5].receive(), c[6].receive(), c[7].receive(), corun::sleep_until(deadline)));
        return *std::get<5>(result);
    });
}

// A value to the first of many receivers, each of which waits in a select of two.
void waiters(benchmark::State& state) {
    corun::run([&] {
        corun::channel<std::int64_t> c, stop;
        std::vector<corun::fiber<>> receivers;
        for (auto i = state.range(0); i > 0; --i)
            receivers.push_back(corun::spawn({.stack_size = 32 * 1024}, [&] {
                while (corun::yield(corun::select(c.receive(), stop.receive())).index() == 0) {
                }
            }));
        corun::yield();
        for ([[maybe_unused]] auto _ : state) {
            corun::yield(c.send(1));
            corun::yield();
        }
        stop.close();
        for (auto& r : receivers) corun::yield(r.join());
    });
}

void sizes(benchmark::internal::Benchmark* cost) { perf::sizes(cost, {1, 1000, 100'000}); }

BENCHMARK(plain_receive)->Name("select/corun/plain_receive")->Apply(perf::counted);
BENCHMARK(select_of_8_and_a_timer)->Name("select/corun/of_8_and_a_timer")->Apply(perf::counted);
BENCHMARK(select_of_8_and_a_deadline)->Name("select/corun/of_8_and_a_deadline")->Apply(perf::counted);
BENCHMARK(waiters)->Name("select/corun/waiters")->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
