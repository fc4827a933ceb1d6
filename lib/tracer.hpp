// What the engine tells a trace and the probes. Called only while is_observed(observer::turns), by the owner of the fiber's
// scheduler.
#pragma once

#include "trace_ring.hpp"

#include <corun/detail/record.hpp>

#include <atomic>

namespace corun::detail {

// Where events go; null: only to the probes. recorders_inside counts those who may be using it.
extern constinit std::atomic<trace_ring*> recorded_by;
extern constinit std::atomic<std::uint32_t> recorders_inside;

void trace_spawn(const fiber_record& fresh) noexcept;
void trace_end(const fiber_record& fiber) noexcept;

// From the thread of whoever wakes or spawns a fiber of another scheduler; before the scheduler learns of it.
void trace_call(const fiber_record& target) noexcept;

// While one lives, the owner does what was asked for from afar: arrows begin at the `call`.
class traced_call {
public:
    explicit traced_call(const fiber_record& target) noexcept;
    ~traced_call();
    traced_call(const traced_call&) = delete;
    traced_call& operator=(const traced_call&) = delete;
};

// While one lives, the fiber runs. Made before the jump to it, destroyed after the jump back.
class traced_turn {
public:
    explicit traced_turn(fiber_record& fiber) noexcept;
    ~traced_turn();
    traced_turn(const traced_turn&) = delete;
    traced_turn& operator=(const traced_turn&) = delete;

private:
    fiber_ref fiber_;
};

// The calling thread, as the system knows it.
[[nodiscard]] std::uint64_t this_thread_number() noexcept;

}  // namespace corun::detail
