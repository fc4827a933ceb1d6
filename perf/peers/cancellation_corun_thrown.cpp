// What cancellation adds to the end of a fiber by an exception: as many fibers wait, are woken one by one, throw an exception of the same
// kind themselves, from as deep, and end. The difference to corun's own row is what cancelling takes.
#include "../support/operations.hpp"

#include <corun.hpp>

#include <algorithm>
#include <source_location>
#include <vector>

namespace {

[[noreturn, gnu::noinline]] void throw_the_same() {
    throw corun::cancelled{corun::cancel_reason::requested, std::source_location::current()};
}

// Waits until it is woken, and throws.
struct pass {
    std::vector<corun::waker>& waiting;
    bool ready() const noexcept { return false; }
    void start(corun::waker w) { waiting.push_back(std::move(w)); }
    bool cancel() noexcept { return true; }
    void get() const { throw_the_same(); }
};

void sleeper(std::vector<corun::waker>& waiting, perf::operations& work) {
    try {
        corun::yield(pass{waiting});
    } catch (const corun::cancelled&) {
        ++work.done;
    }
}

void run(perf::operations& work) {
    corun::run([&work] {
        std::vector<corun::fiber<void>> sleepers;
        std::vector<corun::waker> waiting;
        sleepers.reserve(work.size);
        waiting.reserve(work.size);
        for (std::size_t left = work.count; left != 0; left -= sleepers.size()) {
            sleepers.clear();
            waiting.clear();
            for (std::size_t i = std::min(left, work.size); i != 0; --i)
                sleepers.push_back(corun::spawn([&] { sleeper(waiting, work); }));
            corun::yield();  // all of them wait
            for (const corun::waker& one : waiting) one.wake();
            for (auto& one : sleepers) corun::yield(one.join());
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "cancellation", "corun_thrown", {.count = 100'000, .size = 1000}, run);
}
