// A fiber's way through its scheduler: admitted, cancelled, ended.
#include "observers.hpp"
#include "scheduler_impl.hpp"
#include "tracer.hpp"

#include <corun/detail/scope.hpp>
#include <corun/detail/simulation.hpp>
#include <corun/error.hpp>
#include <corun/scoped_value.hpp>
#include <corun/spawn.hpp>

#include <optional>
#include <utility>

namespace corun::detail {
namespace {

// Runs on the owner, from the inbox.
void take_demands(inbox_node& node, scheduler_core& core) {
    auto& fiber = static_cast<fiber_record&>(node);
    const fiber_ref held{&fiber, false};  // the inbox's reference
    const std::uint8_t demands = fiber.demands.exchange(0, std::memory_order_acq_rel);
    std::optional<traced_call> traced;
    if (is_observed(observer::turns)) [[unlikely]]
        traced.emplace(fiber);
    if ((demands & demand_admit) != 0) impl_of(core).admit(fiber);
    if ((demands & demand_cancel) != 0)
        impl_of(core).cancel(fiber, fiber.reason.load(), static_cast<stop_request>(fiber.hardest_request.load()));
    if ((demands & demand_wake) != 0) make_ready(fiber);
    if ((demands & demand_end) != 0) {
        fiber.drop_function();
        impl_of(core).end(fiber);
    }
}

bool raise(std::atomic<std::uint8_t>& level, std::uint8_t to) noexcept {
    std::uint8_t before = level.load();
    while (before < to && !level.compare_exchange_weak(before, to)) {
    }
    return before < to;
}

// @return  false if it is in the inbox already and will be seen; or is about to be put there by another thread
bool post_demand(fiber_record& fiber, demand what) noexcept {
    if (is_observed(observer::turns)) [[unlikely]]
        trace_call(fiber);
    if (fiber.demands.fetch_or(what, std::memory_order_acq_rel) != 0) return false;
    intrusive_ptr_add_ref(&fiber);
    impl_of(*fiber.owner).push(fiber);
    return true;
}

}  // namespace

void prepare(fiber_record& fresh, const spawn_options& options) {
    if (options.stack_size != spawn_options::inherit_stack_size) fresh.stack_size = slot_size(options.stack_size, fresh.spawned_at);
    if (!options.name.empty()) fresh.name = options.name;
    fresh.take = take_demands;
    if (const scheduler_core* core = current_core(); core != nullptr && core->running != nullptr) {
        fresh.values = core->running->values;
        fresh.spawned_by = core->running->id;
    }
    // The scheduler's. Nobody else counts yet: no atomic step is needed.
    fresh.references.store(fresh.references.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void launch(scheduler_core& scheduler, fiber_record& fresh, const spawn_options& options) {
    prepare(fresh, options);
    if (current_core() == &scheduler)
        impl_of(scheduler).admit(fresh);
    else
        post_demand(fresh, demand_admit);
}

void scheduler_impl::admit(fiber_record& fresh, bool held) noexcept {
    fresh.following = first_live;
    if (first_live != nullptr) first_live->previous = &fresh;
    first_live = &fresh;
    ++live;
    ++spawned;
    if (is_observed(observer::yields)) fresh.alerts |= alert_observed;
    try {
        ready.reserve(live);
        if (simulated != nullptr) simulated->admitted(fresh);
        if (!work_ && !is_dying()) work_ = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
    } catch (...) {
        fresh.failure = std::current_exception();
        fresh.drop_function();
        end(fresh);
        return;
    }
    if (is_observed(observer::turns)) trace_spawn(fresh);
    if (is_closed || is_dying()) cancel(fresh, cancel_reason::shutdown);
    if (!held) start_held(fresh);
}

void scheduler_impl::start_held(fiber_record& fresh) noexcept {
    ready.push(&fresh, nullptr);
    fresh.queued_at = ready.last_place();
}

// What is joined before it has begun goes ahead of the others, and whoever joins it follows it: a tree of fibers that join their
// children is walked in depth, with a few stacks and in a warm cache. Now and then one waits for its turn, so that the others do
// not wait for ever.
void scheduler_impl::hasten(fiber_record& joined) noexcept {
    constexpr std::uint32_t most_in_a_row = 256;
    if (joined.state != fiber_state::fresh || joined.queued_at == 0 || simulated != nullptr) return;
    if (++hastened_ % most_in_a_row == 0 || !ready.bring_forward(joined.queued_at, live)) return;
    joined.is_ahead = true;
    joined.queued_at = 0;  // its former place may be another one's soon
}

// In the midst of a switch, where the destructors of its captures must not run: they are the user's.
void scheduler_impl::end_without_stack(fiber_record& fresh) noexcept {
    fresh.state = fiber_state::active;
    post_demand(fresh, demand_end);
}

void scheduler_impl::end(fiber_record& fiber) noexcept {
    bool taken = false;
    try {
        taken = fiber.deliver();
    } catch (...) {
        if (!fiber.failure) fiber.failure = std::current_exception();
    }
    if (fiber.following != nullptr) fiber.following->previous = fiber.previous;
    (fiber.previous != nullptr ? fiber.previous->following : first_live) = fiber.following;
    --live;
    some_ended_ = true;
    fiber.state = fiber_state::ended;
    stalls.ended(fiber);
    if (fiber.alerts != 0) observe_end(fiber);
    if (fiber.locks_held != 0) keep_for_its_guards(fiber);
    if (fiber.stack.base != nullptr) {
        if (is_observed(observer::stacks)) note_stack_use(fiber);
        take_back_left_stack();
        left_stack_ = fiber.stack;
        left_pool_ = fiber.pool;
    }
    if (simulated != nullptr) simulated->ended(fiber);
    const std::uint8_t news = taken ? outcome_ended | outcome_claimed : outcome_ended;
    const std::uint8_t before = set_bits(fiber.outcome, news);
    while (end_listener* listener = fiber.local_listeners) {
        listener->strike_off();
        (void)listener->ended();
    }
    if ((before & outcome_watched) != 0) tell_listeners_elsewhere(fiber);
    if (is_observed(observer::turns)) trace_end(fiber);
    const bool is_received = taken && (before & outcome_dropped) == 0;
    if ((before & outcome_detached) != 0 && fiber.failure && !fiber.was_cancelled && !is_received) report_lost(fiber_ref{&fiber});
    intrusive_ptr_release(&fiber);
}

void scheduler_impl::cancel(fiber_record& fiber, cancel_reason reason, stop_request hardest) noexcept {
    if (!fiber.cancel_requested.exchange(true)) fiber.reason.store(reason);
    const bool is_harder = raise(fiber.hardest_request, hardest) || fiber.stop_limit < hardest;
    cancellations += !fiber.is_cancelled;
    if (!std::exchange(fiber.is_cancelled, true) || is_harder) show_cancellation(fiber, nullptr);
    if (fiber.state == fiber_state::fresh) fiber.cancelled_before_its_turn();
}

void wake_from_afar(fiber_record& fiber) noexcept {
    if (!post_demand(fiber, demand_wake) && fiber.owner->is_dying()) [[unlikely]]
        impl_of(*fiber.owner).wake_while_dying(fiber);
}

bool request_cancel(fiber_record& fiber, cancel_reason reason, stop_request hardest) noexcept {
    touches(name_of_fiber(fiber.id), access::write);
    if (has_ended(fiber)) return false;
    const bool is_harder = raise(fiber.hardest_request, hardest);
    if (fiber.cancel_requested.exchange(true) && !is_harder) return true;
    fiber.reason.store(reason);
    if (current_core() == fiber.owner)
        impl_of(*fiber.owner).cancel(fiber, reason, hardest);
    else
        post_demand(fiber, demand_cancel);
    return true;
}

}  // namespace corun::detail
