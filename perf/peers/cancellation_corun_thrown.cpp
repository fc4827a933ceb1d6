// What cancellation adds to the end of a fiber by an exception: as many fibers wait, are woken one by one, throw an exception of
// the same kind themselves, from as deep, and end. The difference to corun's own row is what cancelling takes.
#include "../support/operations.hpp"

#include <corun.hpp>

#include <algorithm>
#include <source_location>
#include <vector>

namespace {

[[noreturn, gnu::noinline]] void throw_the_same() {
    throw corun::cancelled{corun::cancel_reason::requested, std::source_location::current()};
}

struct gate {
    bool open = false;
    std::vector<corun::waker> waiting;
};

// Passed, it throws.
struct pass {
    gate& at;
    bool ready() const noexcept { return at.open; }
    void start(corun::waker w) { at.waiting.push_back(std::move(w)); }
    bool cancel() noexcept { return true; }
    void get() const { throw_the_same(); }
};

void sleeper(gate& shut, perf::operations& work) {
    try {
        corun::yield(pass{shut});
    } catch (const corun::cancelled&) {
        ++work.done;
    }
}

void run(perf::operations& work) {
    corun::run([&work] {
        std::vector<corun::fiber<void>> sleepers;
        gate here;
        sleepers.reserve(work.size);
        here.waiting.reserve(work.size);
        for (std::size_t left = work.count; left != 0; left -= sleepers.size()) {
            sleepers.clear();
            here.waiting.clear();
            here.open = false;
            for (std::size_t i = std::min(left, work.size); i != 0; --i)
                sleepers.push_back(corun::spawn([&] { sleeper(here, work); }));
            corun::yield();  // all of them wait
            here.open = true;
            for (const corun::waker& one : here.waiting) one.wake();
            for (auto& one : sleepers) corun::yield(one.join());
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    return perf::operations_main(argc, argv, "cancellation", "corun_thrown", {.count = 100'000, .size = 1000}, run);
}
