// What a contended mutex costs: fibers lock, yield and unlock. And what does not depend on how many wait: a permit or an event for the first
// of them, and the leaving of one that was cancelled.
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

// One iteration lets the first of many go, which goes to the end of the line.
template <class Wait, class LetOneGo>
void waiters(benchmark::State& state, Wait wait, LetOneGo let_one_go) {
    bool over = false;
    std::vector<corun::fiber<>> waiting;
    for (auto i = state.range(0); i > 0; --i)
        waiting.push_back(corun::spawn({.stack_size = 32 * 1024}, [&] {
            while (!over) corun::yield(wait());
        }));
    corun::yield();
    for ([[maybe_unused]] auto _ : state) {
        let_one_go();
        corun::yield();
    }
    over = true;
    for (std::size_t i = 0; i != waiting.size(); ++i) let_one_go(), corun::yield();
    for (auto& w : waiting) corun::yield(w.join());
}

void semaphore_waiters(benchmark::State& state) {
    corun::run([&] {
        corun::semaphore permits{0};
        waiters(state, [&] { return permits.acquire(); }, [&] { permits.release(); });
    });
}

void event_waiters(benchmark::State& state) {
    corun::run([&] {
        corun::event e{corun::event_reset::automatic};
        waiters(state, [&] { return e.wait(); }, [&] { e.set(); });
    });
}

// One of many is cancelled, wherever it stands, and another one comes.
void cancelled_waiter(benchmark::State& state) {
    corun::run([&] {
        corun::semaphore permits{0};
        std::vector<corun::fiber<>> waiting(static_cast<std::size_t>(state.range(0)));
        const auto begin = [&] { return corun::spawn({.stack_size = 32 * 1024}, [&] { corun::yield(permits.acquire()); }); };
        const auto end = [](corun::fiber<>& each) {
            each.cancel();
            try {
                corun::yield(each.join());
            } catch (const corun::fiber_cancelled&) {
            }
        };
        for (auto& each : waiting) each = begin();
        corun::yield();
        std::size_t next = 0;
        for ([[maybe_unused]] auto _ : state) {
            next = (next + 7919) % waiting.size();
            end(waiting[next]);
            waiting[next] = begin();
            corun::yield();
        }
        for (auto& each : waiting) end(each);
    });
}

void sizes(benchmark::internal::Benchmark* cost) { perf::sizes(cost, {10}); }
void numbers(benchmark::internal::Benchmark* cost) { perf::sizes(cost, {1, 1000, 100'000}); }

BENCHMARK(mutex_corun<corun::mutex>)->Name("mutex/corun")->Apply(sizes);
BENCHMARK(mutex_corun<corun::concurrent_mutex>)->Name("mutex/corun_concurrent")->Apply(sizes);
BENCHMARK(semaphore_waiters)->Name("mutex/corun/semaphore")->Apply(numbers);
BENCHMARK(event_waiters)->Name("mutex/corun/event")->Apply(numbers);
BENCHMARK(cancelled_waiter)->Name("mutex/corun/cancelled")->Apply(numbers);
BENCHMARK(perf::mutex_boost_fiber)->Name("mutex/boost_fiber")->Apply(sizes);
BENCHMARK(perf::mutex_asio_spawn)->Name("mutex/asio_spawn")->Apply(sizes);
BENCHMARK(perf::mutex_awaitable)->Name("mutex/awaitable")->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
