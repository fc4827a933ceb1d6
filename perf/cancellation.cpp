// What cancelling parked fibers costs beyond running their unwinding. N fibers, parked on a gate, are cancelled one by one and end; as
// many are woken one by one, throw an exception of the same kind themselves, and end. The difference is the cancellation: finding
// what shows and withdrawing the operation. The same for fibers that sleep, whose timers are withdrawn.
//   cancellation [FIBERS [ROUNDS]]
#include <corun.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <source_location>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct gate {
    bool open = false;
    std::vector<corun::waker> waiting;
};

[[noreturn, gnu::noinline]] void throw_the_same() {
    throw corun::cancelled{corun::cancel_reason::requested, std::source_location::current()};
}

// Passed, it throws from as deep in the yield as a cancellation does: unwinding is the same work.

struct pass {
    gate& g;
    bool ready() const noexcept { return g.open; }
    void start(corun::waker w) { g.waiting.push_back(std::move(w)); }
    bool cancel() noexcept { return true; }
    void get() const { throw_the_same(); }
};

// Of this thread, so that a busy machine counts for less.
std::chrono::duration<double, std::nano> cpu_time() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

struct unwinds {
    int& ended;
    ~unwinds() { ++ended; }
};

template <class Wait, class End>
double nanoseconds_each(std::size_t n, Wait wait, End end) {
    return corun::run([&] {
        int ended = 0;
        std::vector<corun::fiber<>> fibers(n);
        for (auto& fiber : fibers)
            fiber = corun::spawn([&] {
                const unwinds guard{ended};
                wait();
            });
        for (int turns = 0; turns != 3; ++turns) corun::yield();
        const auto began = cpu_time();
        end(fibers);
        while (ended != static_cast<int>(n)) corun::yield();
        return (cpu_time() - began).count() / static_cast<double>(n);
    });
}

void cancel_each(std::vector<corun::fiber<>>& fibers) {
    for (auto& fiber : fibers) fiber.cancel();
}

double median(std::vector<double> times) {
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t n = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
    std::vector<double> asleep, at_gate, thrown;
    for (int round = 0; round != rounds; ++round) {  // in turn, so that all see the same machine
        asleep.push_back(nanoseconds_each(
            n, [] { corun::yield(corun::sleep_for(24h)); }, cancel_each));
        gate shut, opened;
        shut.waiting.reserve(n);
        opened.waiting.reserve(n);
        at_gate.push_back(nanoseconds_each(
            n, [&] { corun::yield(pass{shut}); }, cancel_each));
        thrown.push_back(nanoseconds_each(
            n, [&] { corun::yield(pass{opened}); },
            [&](auto&) {
                opened.open = true;
                for (const corun::waker& w : opened.waiting) w.wake();
            }));
    }
    const double unwinding = median(thrown);
    std::printf(
        "%zu parked fibers, each: woken to throw the same %.0f ns; cancelled at a gate %.0f ns (%+.0f), asleep %.0f ns (%+.0f)\n",
        n, unwinding, median(at_gate), median(at_gate) - unwinding, median(asleep), median(asleep) - unwinding);
}
