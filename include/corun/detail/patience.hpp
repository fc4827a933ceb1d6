// Waiting for another thread without going to sleep.
#pragma once

#include <corun/detail/spin_lock.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace corun::detail {

// Trying again costs less than parking and being woken, a few microseconds, where the other side runs and is about to come by;
// where it is not, it is a waste. What the last attempts came to decides for how long the next one lasts. Any thread.
class patience {
public:
    // The pauses grow, so that the other side gets ahead.
    template <class Function>
    bool try_again(Function attempt) {
        static const bool is_alone = std::thread::hardware_concurrency() == 1;
        if (is_alone) return false;
        const int most = most_.load(std::memory_order_relaxed);
        for (int spent = 0, next = 1; spent < most; spent += next, next = std::min(2 * next, 32)) {
            for (int i = 0; i != next; ++i) relax();
            if (!attempt()) continue;
            most_.store(std::min(most + most / 4 + 1, upper), std::memory_order_relaxed);
            return true;
        }
        most_.store(std::max(most / 2, lower), std::memory_order_relaxed);
        return false;
    }

private:
    static constexpr int lower = 4, upper = 400;  // pauses, of some 40 cycles each

    std::atomic<int> most_{64};
};

}  // namespace corun::detail
