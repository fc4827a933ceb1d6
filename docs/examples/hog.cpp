// A broken program, for docs/guide/debugging.md: a web site that hangs now and then. What keeps its fibers from running?
#include <corun.hpp>

#include <chrono>
#include <iostream>
#include <mutex>
#include <string_view>

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

unsigned sum = 0;

// Goes through all orders since the beginning, for as long as it takes.
[[gnu::noinline]] void add_up_orders(steady::time_point until) {
    while (steady::now() < until) ++sum;
}

void report() {
    corun::yield(corun::sleep_for(1ms));
    add_up_orders(steady::now() + 3s);
}

std::mutex cache_lock;

[[gnu::noinline]] void refresh_cache() {
    const std::lock_guard hold{cache_lock};
    corun::yield(corun::sleep_for(1ms));  // fetches what is new
}

int main(int argc, char* argv[]) {
    const std::string_view how = argc > 1 ? argv[1] : "";
    if (how == "locks") {
        corun::run([] {
            auto cache = corun::spawn({.name = "cache"}, refresh_cache);
            corun::yield(cache.join());
        });
        return 0;
    }
    const corun::watchdog dog{{.limit = 1s}};
    corun::run([&] {
        auto reporting = corun::spawn({.name = "report"}, report);
        for (int i = 0; i != 1000; ++i) corun::yield();
        corun::yield(reporting.join());
        std::cout << "half of the runs are shorter than " << dog.lengths().quantile(0.5).count() << " ns, all shorter than "
                  << dog.lengths().quantile(1).count() / 1'000'000 << " ms\n";
    });
}
