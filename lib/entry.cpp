// How a fiber comes onto a stack, and what runs at the bottom of it.
#include "observers.hpp"
#include "scheduler_impl.hpp"

#include <corun/detail/simulation.hpp>
#include <corun/error.hpp>
#include <corun/scoped_value.hpp>

#include <boost/context/detail/fcontext.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace corun::detail {
namespace {

// @param seen  what ended it; null: it never began
void set_cancelled(fiber_record& fiber, const cancelled* seen) noexcept {
    fiber.was_cancelled = seen == nullptr || fiber.cancel_requested.load();
    try {
        const std::string how = seen != nullptr ? seen->message() : "cancelled before it began";
        const char* const why = fiber.was_cancelled ? "" : ", by an exception that was not meant for it: nobody has cancelled it";
        fiber.failure = std::make_exception_ptr(fiber_cancelled{"corun: fiber " + describe(fiber) + " was " + how + why});
    } catch (...) {
        fiber.failure = std::current_exception();  // for lack of memory
    }
}

void run_function(fiber_record& self) noexcept {
    if (self.never_begins) {
        set_cancelled(self, nullptr);
        return;
    }
    try {
        self.run();
    } catch (const cancelled& c) {
        set_cancelled(self, &c);
    } catch (const fiber_cancelled&) {  // of one it joined: the same shutdown or cancellation, one fiber on
        self.was_cancelled = self.cancel_requested.load();
        self.failure = std::current_exception();
    } catch (...) {
        self.failure = std::current_exception();
    }
}

// The bottom of every stack: runs a fiber to its end, and then those that begin next.
void enter_fiber(boost::context::detail::transfer_t arrival) noexcept {
    *static_cast<fcontext_t*>(arrival.data) = arrival.fctx;
#if defined(CORUN_SANITIZED)
    announce_arrived(nullptr);
#endif
    for (scheduler_core* core = current_core();;) {
        fiber_record& self = *core->running;
        run_function(self);
        self.is_leaving = true;
        self.drop_function();  // may yield, as may the next: captures and locals are the user's
        if (self.locals || self.values) drop_locals(self);
        core = self.owner;
        impl_of(*core).end(self);
        if (!impl_of(*core).next_begins_here()) switch_away(*core, nullptr, &core->left_sp);
    }
}

}  // namespace

fcontext_t scheduler_impl::begin(fiber_record& fresh, bool on_ended_stack) noexcept {
    try {
        if (!on_ended_stack) {
            if (takes_left_stack(fresh)) return left_sp;
            take_back_left_stack();
        }
        if (simulated != nullptr && simulated->is_to_fail(failure_point::stack))
            throw stack_unavailable{"corun: a simulated failure"};
        if (fresh.pool == nullptr) fresh.pool = fresh.stack_size != 0 ? &pool_for(fresh.stack_size) : &usual_pool();
        const stack taken = fresh.pool->take();
        fresh.stack = taken.span;
        fresh.sp = nullptr;
        fresh.state = fiber_state::active;
        if (is_observed(observer::stacks)) clean_stack(fresh);
        const auto depth = static_cast<std::byte*>(taken.top) - static_cast<std::byte*>(taken.span.base);
        return boost::context::detail::make_fcontext(taken.top, static_cast<std::size_t>(depth), enter_fiber);
    } catch (...) {
        if (fresh.never_begins)
            set_cancelled(fresh, nullptr);
        else
            fresh.failure = std::current_exception();
        end_without_stack(fresh);
        return nullptr;
    }
}

// A fiber that has not begun takes over the stack of the one that ended last, where that waits in enter_fiber: no stack to be
// looked for and no frame to be made. Not where somebody tells the fibers' stacks apart: a sanitizer, an observer, a simulation.
bool scheduler_impl::takes_left_stack(fiber_record& fresh) noexcept {
#if defined(CORUN_SANITIZED)
    constexpr bool is_sanitized = true;
#else
    constexpr bool is_sanitized = false;
#endif
    if (is_sanitized || simulated != nullptr || is_anything_observed()) return false;
    if (left_pool_ == nullptr || left_pool_->slot() != options.stack_size || fresh.stack_size != 0) return false;
    fresh.stack = left_stack_;
    fresh.pool = std::exchange(left_pool_, nullptr);
    fresh.sp = nullptr;
    fresh.state = fiber_state::active;
    return true;
}

// On the stack of a fiber that has ended: whether the next one begins right here, without a jump.
bool scheduler_impl::next_begins_here() noexcept {
    if (ready.empty() || !has_budget()) return false;
    fiber_record* const next = ready.at(0).fiber;
    if (next == nullptr || next->state != fiber_state::fresh || !takes_left_stack(*next)) return false;
    (void)ready.pop();
    (void)spend();
    running = next;
    return true;
}

fcontext_t continuation(scheduler_core& core, fiber_record* next, const fiber_record* leaving) noexcept {
    if (next == nullptr) {
        core.ready.left_empty_place();
        return nullptr;
    }
    return next->state == fiber_state::fresh ? impl_of(core).begin(*next, leaving == nullptr) : next->sp;
}

}  // namespace corun::detail
