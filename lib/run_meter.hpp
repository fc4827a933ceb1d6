// How long fibers run, and how late the loop comes to them: kept while somebody wants to know (observers.hpp).
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace corun::detail {

// Of one scheduler. Written by its owner, read by any thread; each figure stands for itself. Times are nanoseconds of corun::clock.
class run_meter {
public:
    static constexpr std::size_t buckets = 40;
    using figure = std::atomic<std::int64_t>;

    // A drive begins: from now on its fibers run. A drive that was asked for late says so.
    // @param on_thread  the system's number of the calling thread
    void drive_begins(std::int64_t now, std::uint64_t on_thread) noexcept {
        thread.store(on_thread, std::memory_order_relaxed);
        if (const std::int64_t asked = asked_for.exchange(0, std::memory_order_relaxed); asked != 0) {
            last_lag.store(now - asked, std::memory_order_relaxed);
            if (now - asked > longest_lag.load(std::memory_order_relaxed))
                longest_lag.store(now - asked, std::memory_order_relaxed);
        }
        if (const std::int64_t before = drive_ended.load(std::memory_order_relaxed); before != 0) add(outside, now - before);
        drive_began.store(now, std::memory_order_relaxed);
        run_began.store(now, std::memory_order_relaxed);
    }
    void drive_ends(std::int64_t now) noexcept {
        run_began.store(0, std::memory_order_relaxed);
        add(inside, now - drive_began.load(std::memory_order_relaxed));
        drive_ended.store(now, std::memory_order_relaxed);
    }
    // A fiber has come to a yield, or its end: the run of the next one begins.
    void next_run(std::int64_t now) noexcept {
        const std::int64_t began = run_began.load(std::memory_order_relaxed);
        if (began == 0) return;
        const auto width = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(now - began)));
        add(runs[width < buckets ? width : buckets - 1], 1);
        run_began.store(now, std::memory_order_relaxed);
    }

    // What began before nobody wanted to know any more is not measured to its end.
    void forget_begins() noexcept {
        asked_for.store(0, std::memory_order_relaxed);
        drive_ended.store(0, std::memory_order_relaxed);
    }

    std::atomic<std::uint64_t> thread{0};  // that ran it last; 0: none while anybody wanted to know
    figure run_began{0};  // 0: no fiber runs
    figure drive_began{0};
    figure drive_ended{0};
    figure asked_for{0};  // when a drive was posted that has not begun; 0: none, or nobody wants to know
    figure inside{0};  // the time of all drives
    figure outside{0};  // the time between them: in the loop, its other handlers and the kernel
    figure last_lag{0};
    figure longest_lag{0};
    std::array<figure, buckets> runs{};

private:
    static void add(figure& to, std::int64_t what) noexcept {  // one writer: no atomic step is needed
        to.store(to.load(std::memory_order_relaxed) + what, std::memory_order_relaxed);
    }
};

}  // namespace corun::detail
