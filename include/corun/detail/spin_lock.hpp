// A lock for a handful of instructions that never wait, allocate or run user code.
#pragma once

#include <atomic>

namespace corun::detail {

class spin_lock {
public:
    void lock() noexcept {
        while (taken_.exchange(true, std::memory_order_acquire))
            while (taken_.load(std::memory_order_relaxed)) relax();
    }
    void unlock() noexcept { taken_.store(false, std::memory_order_release); }

private:
    static void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }

    std::atomic<bool> taken_{false};
};

}  // namespace corun::detail
