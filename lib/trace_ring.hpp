// The events of a trace: a ring that every thread writes to without a lock, and that a signal handler can read.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace corun::detail {

enum class trace_kind : std::uint32_t { spawn, run, give_way, park, wake, end, call, span_begin, span_end };

struct trace_event {
    trace_kind kind{};
    std::uint32_t line = 0;          // of the yield; of a spawn: where that is
    std::uint64_t fiber = 0;         // whose track; 0: the thread's
    std::uint64_t other = 0;  // spawn, wake: who did it, if that is a fiber of the scheduler; call: whom; park: whom it waits for
    std::uint64_t cause = 0;  // spawn, wake: one more than the place of the `call` that asked for it from afar; 0: none
    std::int64_t at = 0;  // nanoseconds of corun::clock
    std::uint64_t thread = 0;
    const char* file = nullptr;  // of the place; static, as is the next
    const char* function = nullptr;
    char name[24] = {};  // the fiber's
    char text[32] = {};  // park: for what; spans: their name; end: how
};

class trace_ring {
public:
    explicit trace_ring(std::size_t capacity);

    // Any thread, a signal handler as well. Returns the event's place.
    std::uint64_t add(const trace_event& event) noexcept;

    // The event at a place, unless it has been overwritten or is being written.
    [[nodiscard]] bool read(std::uint64_t place, trace_event& event) const noexcept;

    [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }
    [[nodiscard]] std::uint64_t end() const noexcept { return next_.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint64_t begin() const noexcept { return end() > capacity() ? end() - capacity() : 0; }

private:
    static constexpr std::size_t words = sizeof(trace_event) / sizeof(std::uint64_t);

    // Whoever reads a word of an event that is being written finds the stamp changed after it.
    struct slot {
        std::atomic<std::uint64_t> stamp{0};  // place + 1; 0 while it is written
        std::atomic<std::uint64_t> content[words]{};
    };

    std::size_t mask_;
    std::unique_ptr<slot[]> slots_;
    alignas(64) std::atomic<std::uint64_t> next_{0};
};

}  // namespace corun::detail
