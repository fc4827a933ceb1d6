// A drive's times, for the run_meter of its scheduler.
#pragma once

#include "observers.hpp"
#include "scheduler_impl.hpp"
#include "tracer.hpp"

#include <corun/clock.hpp>

#include <atomic>
#include <cstdint>

namespace corun::detail {

[[nodiscard]] inline std::int64_t nanoseconds_now() noexcept { return clock::now().time_since_epoch().count(); }

// While somebody wants to know how long fibers run.
class measured_drive {
public:
    explicit measured_drive(scheduler_impl& driven) noexcept : driven_{is_observed(observer::yields) ? &driven : nullptr} {
        if (driven_ != nullptr) [[unlikely]]
            driven_->runs.drive_begins(nanoseconds_now(), this_thread_number());
    }
    // What ran before was no fiber's run.
    void fibers_begin() noexcept {
        if (driven_ != nullptr) [[unlikely]]
            driven_->runs.run_began.store(nanoseconds_now(), std::memory_order_relaxed);
    }
    ~measured_drive() {
        if (driven_ != nullptr) [[unlikely]]
            driven_->runs.drive_ends(nanoseconds_now());
    }
    measured_drive(const measured_drive&) = delete;
    measured_drive& operator=(const measured_drive&) = delete;

private:
    scheduler_impl* driven_;
};

}  // namespace corun::detail
