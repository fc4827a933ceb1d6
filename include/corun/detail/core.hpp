// The part of a scheduler that a switch and a wait touch, its timers among it, and the ways in and out of the run queue.
#pragma once

#include <corun/detail/io_wait.hpp>
#include <corun/detail/record.hpp>
#include <corun/detail/switch.hpp>
#include <corun/detail/timer_queue.hpp>

#include <atomic>
#include <cstdint>
#include <source_location>

namespace boost::asio {
class execution_context;
}

namespace corun::detail {

class simulation;

// Owned by one thread at a time: the one that is inside scheduler_impl's enter/leave (lib/scheduler_impl.hpp). Only that
// thread may touch these fields, and current_core() is this scheduler just as long.
struct scheduler_core {
    explicit scheduler_core(boost::asio::execution_context& whose) : context{whose} {}

    run_queue ready;
    fiber_record* running = nullptr;  // null on the loop's stack
    std::int32_t budget = -1;         // switches left until the loop polls for I/O again; less than none: used up
    thread_places places{};
    std::uint64_t random_state = 0x9e3779b97f4a7c15;  // of random_below (detail/random.hpp); never 0
    std::uintptr_t strand_at_entry = 0;  // the strand frames of the thread when the drive began
    std::uint64_t waits = 0;          // operations that made their fiber wait
    std::int64_t coarse_now = 0;      // nanoseconds of corun::clock, when it was last read: at the last poll or later
    fcontext_t loop_sp = nullptr;
    fcontext_t left_sp = nullptr;     // of the stack of the fiber that ended last
    stack_span loop;
    timer_queue timers;
    timer_queue::time_point armed_for = timer_queue::time_point::max();  // Asio's timer: when timers are looked at at the latest
    boost::asio::execution_context& context;  // whose loop runs the fibers
    std::atomic<bool> dying{false};  // the context is being destroyed: nothing is posted any more
    simulation* simulated = nullptr;  // whose turns and time a test decides (detail/simulation.hpp); null otherwise
    descriptor_table known_descriptors;  // lib/readiness.hpp keeps it

    // Each switch, and each wait that ends at once, takes one of the budget. False: it is used up.
    [[nodiscard]] CORUN_SWITCH bool spend() noexcept { return --budget >= 0; }
    [[nodiscard]] bool has_budget() const noexcept { return budget >= 0; }
    // Any thread. Who sees it sees also which thread it dies on.
    [[nodiscard]] bool is_dying() const noexcept { return dying.load(std::memory_order_acquire); }

    [[nodiscard]] CORUN_SWITCH timer_queue::time_point not_after_now() const noexcept {
        return timer_queue::time_point{std::chrono::nanoseconds{coarse_now}};
    }

    // A timer for a span that may begin as late as at the next poll: where it will expire after a time at which timers are looked
    // at anyway, nobody needs to know when before. Most are withdrawn until then, and reading the clock costs more than all the
    // rest. False: it has to begin now, and was not added; so it is where no timer of Asio's is set, in a simulation for one, and
    // where the queue has to make room.
    [[nodiscard]] CORUN_SWITCH bool add_span(timer_node& node, timer_queue::time_point::duration span) noexcept {
        return span >= armed_for - not_after_now() && timers.add_span(node, span);
    }
};

// The scheduler that the calling thread is inside of, or null. In C, so that the assembly below can name it.
extern "C" __attribute__((tls_model("initial-exec"))) thread_local constinit scheduler_core* corun_current_core;

// A compiler may compute the address of a thread-local once and use it after a switch, when the fiber may run on another
// thread. Hence one volatile load, relative to the thread register, that cannot be split or kept.
[[nodiscard]] CORUN_SWITCH scheduler_core* current_core() noexcept {
#if defined(__x86_64__) && !defined(CORUN_SANITIZED)
    scheduler_core* core;
    asm volatile("movq corun_current_core@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(core));
    return core;
#else
    return corun_current_core;
#endif
}

[[noreturn]] void throw_not_in_fiber(std::source_location where);

// The running fiber. Throws not_in_fiber.
[[nodiscard]] CORUN_SWITCH fiber_record& this_fiber_record(std::source_location where) {
    scheduler_core* core = current_core();
    if (core == nullptr || core->running == nullptr) [[unlikely]]
        throw_not_in_fiber(where);
    return *core->running;
}

// Where to continue a fiber that was queued without a stack pointer. One that has not run gets a stack now; null when none was
// to be had, and the fiber has failed with that. One that was woken while it was being left has its pointer in the record.
// An entry without a fiber gives null, too.
// @param leaving  who runs now; null when it is a fiber that has ended, whose stack must not be given to the new one yet
[[nodiscard]] fcontext_t continuation(scheduler_core& core, fiber_record* next, const fiber_record* leaving) noexcept;

// Refuses, throws or lets pass, as the fiber's alerts say. May switch (a fiber that swallows its cancellation in a loop
// gives the others a turn).
void heed_alerts(fiber_record& self);

[[noreturn]] void throw_yield_below_strand(fiber_record& self);

// Continues the first runnable fiber, or the loop where there is none or the budget is used up. `self` is left behind with
// its stack pointer in *save; null when it has ended.
CORUN_SWITCH void switch_away(scheduler_core& core, fiber_record* self, fcontext_t* save) noexcept {
    stack_span* from = self != nullptr ? &self->stack : nullptr;
    while (!core.ready.empty() && core.spend()) {
        ready_entry next = core.ready.pop();
        if (next.sp == nullptr) [[unlikely]] {
            if (self != nullptr && next.fiber == self) return;  // woken, or its turn again, before it was left
            next.sp = continuation(core, next.fiber, self);
            if (next.sp == nullptr) continue;
        }
        core.running = next.fiber;
        jump(core.places, next.sp, save, from, next.fiber->stack);
        return;
    }
    core.running = nullptr;
    jump(core.places, core.loop_sp, save, from, core.loop);
}

// Stops the running fiber until somebody makes it ready. The caller checks its condition again afterwards.
CORUN_SWITCH void park(fiber_record& self) noexcept {
    self.state = fiber_state::parked;
    self.sp = nullptr;  // not known before the jump; a fiber that fails to start may wake this one before
    switch_away(*self.owner, &self, &self.sp);
}

// Gives every other runnable fiber a turn, and the loop one when the budget is used up.
CORUN_SWITCH void give_way(fiber_record& self) noexcept {
    scheduler_core& core = *self.owner;
    if (core.ready.empty() && core.spend()) return;
    ready_entry& slot = core.ready.push(&self, nullptr);
    switch_away(core, &self, &slot.sp);
}

// Before a switch, and before anything begins that one must end.
CORUN_SWITCH void refuse_below_strand(fiber_record& self) {
    if (innermost_strand(self.owner->places) != self.owner->strand_at_entry) [[unlikely]]
        throw_yield_below_strand(self);
}

// What the yield on an operation does first: notes its place and throws where it must. `await` looks at strands: many operations
// are done before it comes to that.
CORUN_SWITCH fiber_record& enter_operation(std::source_location where) {
    fiber_record& self = this_fiber_record(where);
    self.where = where;
    if (self.alerts != 0) [[unlikely]]
        heed_alerts(self);
    return self;
}

// The same, of every other yield.
CORUN_SWITCH fiber_record& enter_yield(std::source_location where) {
    fiber_record& self = enter_operation(where);
    refuse_below_strand(self);
    return self;
}

// The wake of a fiber that is not `parked`: of one that is traced; nothing otherwise.
void make_ready_traced(fiber_record& fiber, bool first) noexcept;

// On the owner: queues a fiber if it is parked; nothing otherwise. Wakes are hints, conditions are checked again by the woken.
inline void make_ready(fiber_record& fiber) noexcept {
    if (fiber.state != fiber_state::parked) [[unlikely]] {
        make_ready_traced(fiber, false);
        return;
    }
    fiber.state = fiber_state::active;
    fiber.owner->ready.push(&fiber, fiber.sp);
}

// The same; before those that are queued already.
inline void make_ready_first(fiber_record& fiber) noexcept {
    if (fiber.state != fiber_state::parked) [[unlikely]] {
        make_ready_traced(fiber, true);
        return;
    }
    fiber.state = fiber_state::active;
    fiber.owner->ready.push_first(&fiber, fiber.sp);
}

// From any thread, any number of times; the caller holds a reference or is on the owner.
void wake_from_afar(fiber_record& fiber) noexcept;
inline void wake(fiber_record& fiber) noexcept {
    if (current_core() == fiber.owner)
        make_ready(fiber);
    else
        wake_from_afar(fiber);
}

}  // namespace corun::detail
