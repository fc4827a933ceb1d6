// For test_switches.py: nothing in here can reach a yield where it must not, and nothing is a hole.
#include <corun.hpp>

namespace {
corun::mutex lock;
int balance = 0;
}  // namespace

struct counted {
    ~counted() { --balance; }
};

int quiet(int by) noexcept { return balance += by; }

void transfer() {
    const auto hold = corun::yield(lock.lock());
    corun::yield();
    const corun::no_yield both_or_none{"a transfer"};
    quiet(1);
    quiet(-1);
}

int main() {
    corun::run([] {
        const counted here;
        transfer();
    });
}
