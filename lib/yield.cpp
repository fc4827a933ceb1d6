#include "observers.hpp"
#include "scheduler_impl.hpp"

#include <corun/shield.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace corun {
namespace detail {
namespace {

// A fiber that swallows its cancellation so often is named on stderr, and from then on lets the others run before each throw.
constexpr std::uint32_t report_after = 100;
// On shutdown it has no end: the process is ended instead.
constexpr std::uint32_t abort_after = 10'000;

void count_cancellation(fiber_record& self) {
    const std::uint32_t thrown = ++self.cancellations_thrown;
    if (thrown == 1) self.first_thrown_at = self.where;
    if (thrown < report_after) return;
    if (thrown == report_after)
        std::fprintf(stderr, "corun: fiber %s has swallowed its cancellation %u times, first at %s, last at %s\n",
                     describe(self).c_str(), thrown, describe(self.first_thrown_at).c_str(), describe(self.where).c_str());
    if (const scheduler_impl& home = impl_of(*self.owner); thrown >= abort_after && (home.is_dying() || home.is_closed)) {
        std::fprintf(stderr, "corun: fiber %s swallows its cancellation without end, last at %s; the process is aborted\n",
                     describe(self).c_str(), describe(self.where).c_str());
        std::abort();
    }
    take_turns(self);
}

void refuse_inside_no_yield(const fiber_record& self) {
    if ((self.alerts & alert_no_yield) == 0) return;
    const no_yield& guard = *self.innermost_no_yield;
    if (self.owner->simulated != nullptr) self.owner->simulated->misused(guard.why(), self);
    throw switch_forbidden{"corun: fiber " + describe(self) + " yields at " + describe(self.where) + " inside no_yield(\"" +
                           guard.why() + "\") of " + describe(guard.where())};
}

}  // namespace

void throw_not_in_fiber(std::source_location where) { throw not_in_fiber{"corun: not on a fiber, at " + describe(where)}; }

bool is_interrupted(const fiber_record& self) noexcept {
    // While an exception unwinds the fiber, a second one that leaves a destructor would end the process.
    return (self.alerts & alert_cancelled) != 0 && cancellation_view{self, self.innermost, std::uncaught_exceptions()}.exists;
}

void throw_cancelled(fiber_record& self) {
    count_cancellation(self);
    const cancellation_view seen{self, self.innermost, std::uncaught_exceptions()};
    throw cancelled{seen.source != nullptr ? seen.source->reason() : self.reason.load(), self.where, seen.source};
}

void heed_alerts(fiber_record& self) {
    if ((self.alerts & alert_observed) != 0) observe_yield(self);
    if ((self.alerts & alert_holds_lock) != 0) tell_held_locks(self);
    refuse_inside_no_yield(self);
    if (is_interrupted(self)) throw_cancelled(self);
}

void take_turns(fiber_record& self) {
    if (innermost_strand(self.owner->places) == self.owner->strand_at_entry) give_way(self);
}

fiber_record& enter_shielded(std::source_location where) {
    fiber_record& self = this_fiber_record(where);
    self.where = where;
    if (innermost_strand(self.owner->places) != self.owner->strand_at_entry) throw_yield_below_strand(self);
    if ((self.alerts & alert_observed) != 0) observe_yield(self);
    if ((self.alerts & alert_holds_lock) != 0) tell_held_locks(self);
    refuse_inside_no_yield(self);
    return self;
}

void throw_yield_below_strand(fiber_record& self) {
    throw switch_forbidden{"corun: fiber " + describe(self) + " yields at " + describe(self.where) +
                           " inside a function that a strand runs; spawn a fiber on the strand instead"};
}

}  // namespace detail

no_yield::no_yield(const char* why, std::source_location where) noexcept : why_{why}, where_{where} {
    const detail::scheduler_core* core = detail::current_core();
    fiber_ = core != nullptr ? core->running : nullptr;
    if (fiber_ == nullptr) return;
    outer_ = std::exchange(fiber_->innermost_no_yield, this);
    fiber_->alerts |= detail::alert_no_yield;
}

no_yield::~no_yield() {
    if (fiber_ == nullptr) return;
    fiber_->innermost_no_yield = outer_;
    if (outer_ == nullptr) fiber_->alerts &= static_cast<std::uint8_t>(~detail::alert_no_yield);
}

namespace this_fiber {

bool exists() noexcept {
    const detail::scheduler_core* core = detail::current_core();
    return core != nullptr && core->running != nullptr;
}
std::uint64_t id(std::source_location where) { return detail::this_fiber_record(where).id; }
std::string_view name(std::source_location where) { return detail::this_fiber_record(where).name; }
scheduler::executor_type executor(std::source_location where) {
    return scheduler::executor_type{detail::impl_of(*detail::this_fiber_record(where).owner)};
}
clock::time_point deadline(std::source_location where) { return detail::effective_deadline(detail::this_fiber_record(where)); }
std::stop_token stop_token(std::source_location where) { return detail::innermost_token(detail::this_fiber_record(where)); }
bool cancelled(std::source_location where) { return detail::is_interrupted(detail::this_fiber_record(where)); }

}  // namespace this_fiber
}  // namespace corun
