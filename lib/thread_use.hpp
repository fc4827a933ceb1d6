// What the system knows of a thread's time.
#pragma once

#include <chrono>
#include <cstdint>

namespace corun::detail {

struct thread_use {
    std::chrono::nanoseconds user{};
    std::chrono::nanoseconds kernel{};
    std::chrono::nanoseconds age{};
    bool is_known = false;
};

// Of a thread of this process, by the system's number. Reads a file of /proc; not known where there is none or the thread has
// ended.
[[nodiscard]] thread_use use_of_thread(std::uint64_t number);

}  // namespace corun::detail
