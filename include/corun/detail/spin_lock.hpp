// A lock for a handful of instructions that never wait, allocate or run user code.
#pragma once

#include <atomic>
#include <thread>

namespace corun::detail {

// What a thread does while it waits for another one's next few instructions.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

class spin_lock {
public:
    void lock() noexcept {
        for (int tries = 0; taken_.exchange(true, std::memory_order_acquire);)
            while (taken_.load(std::memory_order_relaxed)) {
                if (++tries < patience)
                    relax();
                else
                    std::this_thread::yield();  // who has it seems to have lost its processor
            }
    }
    void unlock() noexcept { taken_.store(false, std::memory_order_release); }

private:
    static constexpr int patience = 100;

    std::atomic<bool> taken_{false};
};

}  // namespace corun::detail
