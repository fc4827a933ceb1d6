// One turn of a simulated run: whose it is, and what it led to.
#include "loop.hpp"

#include "../observers.hpp"
#include "../tracer.hpp"

#include <corun/sleep.hpp>

#include <optional>
#include <string>

namespace corun::detail {

std::uint64_t candidates::fiber(std::size_t choice) const noexcept {
    const std::size_t own = loop.goes_on_at_;
    const std::size_t place = !goes_on ? choice : choice == 0 ? own : choice <= own ? choice - 1 : choice;
    return loop.scheduler_->ready.at(place).fiber->id;
}

bool simulated_loop::choose_turn(std::size_t& place) {
    const run_queue& ready = scheduler_->ready;
    const std::size_t count = ready.size();
    if (wants_footprints_ && count == 1 && !decides_->may_run(ready.at(0).fiber->id)) {
        gave_up_ = true;
        return false;
    }
    place = 0;
    decision_ = {};
    // The first in the queue has waited the longest.
    if (count == 1 || steps_ - trace_.fibers[ready.at(0).fiber->id].since > options_.patience) return true;
    const bool goes_on = goes_on_at_ != none;
    const std::size_t choice = decides_->turn({*this, count, goes_on});
    if (choice == chooser::give_up) {
        gave_up_ = true;
        return false;
    }
    decision_ = {.place = decisions_.size(), .choice = choice, .choices = count};
    decisions_.push_back(static_cast<std::uint32_t>(choice));
    place = !goes_on ? choice : choice == 0 ? goes_on_at_ : choice <= goes_on_at_ ? choice - 1 : choice;
    return true;
}

void simulated_loop::give_turn(std::size_t place) {
    scheduler_core& core = *scheduler_;
    ready_entry next = core.ready.take(place);
    const std::uint64_t number = next.fiber->id;
    const std::size_t before = core.ready.size();
    footprint_.clear();
    if (wants_footprints_) footprint_.add(name_of_fiber(number), access::read);  // whether it is cancelled
    ++steps_;
    traced_fiber& fiber = trace_.fibers[number];
    if (options_.starvation != 0 && steps_ - fiber.left > options_.starvation && next.fiber->waits_for != nullptr &&
        next.fiber->waits_for != &wait_kind_of<sleep_operation>)
        fail_run(sim::failure_kind::starvation, "fiber " + trace_.name_of(number) + " waited for " +
                                                    std::to_string(steps_ - fiber.left) + " turns " + trace_.wait_of(fiber));
    const std::source_location from = fiber.where;
    next.fiber->waits_for = nullptr;  // until it does so again
    fiber.is_runnable = false;
    if (next.sp == nullptr) next.sp = continuation(core, next.fiber, next.fiber);
    if (next.sp != nullptr) {
        core.budget = -1;  // so that each switch comes back here
        core.running = next.fiber;
        std::optional<traced_turn> traced;
        if (is_observed(observer::turns)) traced.emplace(*next.fiber);
        jump(core.places, next.sp, &core.loop_sp, &core.loop, next.fiber->stack);
    }
    account(number, before);
    traced_fiber& left = trace_.fibers[number];  // fibers may have been added
    if (left.record != nullptr) {
        left.where = left.record->where;
        left.left = steps_;
    }
    if (!draining_) trace_.turn(number, from, decision_, now);
    ran_ = number;
}

// Fibers that came into the queue behind the first `before` are runnable from now on. One of them may be who did that, having
// given way.
void simulated_loop::account(std::uint64_t number, std::size_t before) {
    const run_queue& ready = scheduler_->ready;
    if (number != 0) goes_on_at_ = none;
    for (std::size_t i = before; i < ready.size(); ++i) {
        const std::uint64_t woken = ready.at(i).fiber->id;
        traced_fiber& fiber = trace_.fibers[woken];
        if (woken == number)
            goes_on_at_ = i;
        else if (wants_footprints_)
            footprint_.add(name_of_fiber(woken), access::write);
        fiber.since = steps_;
        fiber.is_runnable = true;
    }
}

}  // namespace corun::detail
