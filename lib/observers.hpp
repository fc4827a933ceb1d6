// What is looked at beyond what the engine keeps anyway. Nothing, unless somebody has asked for it.
#pragma once

#include <corun/detail/record.hpp>

#include <atomic>
#include <cstdint>

namespace corun::detail {

enum class observer : std::uint8_t {
    stacks = 1,     // how deep fibers go: stack_use.cpp
    yields = 2,     // when each fiber yields: new fibers get alert_observed
    signals = 4,    // threads that run fibers have an alternate signal stack: overflow.cpp
    trace = 64,     // there is a trace: trace.cpp
    probes = 128,   // somebody listens to the probes: probes.hpp
    turns = trace | probes,  // either wants to know who runs, parks and is woken: tracer.cpp
};

extern constinit std::atomic<std::uint8_t> observers;

[[nodiscard]] inline bool is_observed(observer what) noexcept {
    return (observers.load(std::memory_order_relaxed) & static_cast<std::uint8_t>(what)) != 0;
}
[[nodiscard]] inline bool is_anything_observed() noexcept { return observers.load(std::memory_order_relaxed) != 0; }
inline void observe(observer what, bool on) noexcept {
    if (on)
        observers.fetch_or(static_cast<std::uint8_t>(what));
    else
        observers.fetch_and(static_cast<std::uint8_t>(~static_cast<std::uint8_t>(what)));
}

// At the begin of a fiber, on the thread that will run it: its stack forgets those that used it before.
void clean_stack(fiber_record& fresh) noexcept;
// At its end, on the stack itself or off it.
void note_stack_use(const fiber_record& fiber) noexcept;

// At every yield of a fiber with alert_observed; on it.
void observe_yield(fiber_record& self) noexcept;
// At the end of such a fiber.
void observe_end(fiber_record& ended) noexcept;

// Of a fiber with alert_holds_lock: at a yield, which throws what the handler throws; at its end.
void tell_held_locks(fiber_record& self);
void forget_held_locks(const fiber_record& ended) noexcept;

// One more, or one less, who wants to know of yields. Throws std::bad_alloc.
void watch_yields(bool on);

// Gives the calling thread one, if it has none.
void need_alternate_stack() noexcept;

}  // namespace corun::detail
