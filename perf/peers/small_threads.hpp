// Many std::threads at once: small stacks, and a clear word when the system grants no more.
#pragma once

#include "../support/program.hpp"

#include <pthread.h>

#include <cstddef>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace perf {

/// std::thread offers no stack size. The C library's default may be changed for the whole process instead; its
/// usual 8 MiB would be address space only, but the kernel may count it against a limit.
inline void use_small_thread_stacks(std::size_t bytes = 64 * 1024) {
#ifdef __GLIBC__
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, bytes);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
#else
    static_cast<void>(bytes);
#endif
}

/// Runs `task(index)` on `count` threads at the same time and joins them. When the system refuses a thread, those
/// that were started are joined, and the refusal is reported.
template <class Task>
void run_threads(std::size_t count, Task task) {
    std::vector<std::thread> threads;
    threads.reserve(count);
    std::string refused;
    try {
        for (std::size_t i = 0; i < count; ++i) threads.emplace_back(task, i);
    } catch (const std::system_error& error) {
        refused = "the system grants " + std::to_string(threads.size()) + " threads of " + std::to_string(count) + ": " +
                  error.code().message();
    }
    for (auto& thread : threads) thread.join();
    check(refused.empty(), refused);
}

}  // namespace perf
