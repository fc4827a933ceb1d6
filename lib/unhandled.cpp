// Failures that nobody can receive any more: on their way to the scheduler's handler.
#include "scheduler_impl.hpp"

#include <corun/scheduler.hpp>

#include <cstdio>
#include <utility>
#include <vector>

namespace corun {

void report_unhandled(const unhandled_failure& failure) {
    std::fprintf(stderr, "corun: fiber %s, spawned at %s, ended with %s\n", failure.fiber.c_str(),
                 detail::describe(failure.spawned_at).c_str(), detail::describe(failure.error).c_str());
    for (const std::exception_ptr& other : failure.others)
        std::fprintf(stderr, "corun: fiber %s: beside it failed %s\n", failure.fiber.c_str(), detail::describe(other).c_str());
}

void rethrow_unhandled(const unhandled_failure& failure) { std::rethrow_exception(failure.error); }

namespace detail {

unhandled_failure unhandled_failure_of(const fiber_record& fiber) {
    const bool has_others = fiber.attached && fiber.attached->thrown == fiber.failure;
    return {describe(fiber), fiber.spawned_at, fiber.failure,
            has_others ? fiber.attached->others : std::vector<std::exception_ptr>{}};
}

void scheduler_impl::report_lost(fiber_ref fiber) noexcept {
    fiber->following = nullptr;
    *(lost_ != nullptr ? &last_lost_->following : &lost_) = fiber.get();
    last_lost_ = fiber.detach();
}

void scheduler_impl::hand_over_failures(bool is_last) {
    while (lost_ != nullptr) {
        const fiber_ref fiber{lost_, false};
        lost_ = fiber->following;
        const unhandled_failure failure = unhandled_failure_of(*fiber);
        try {
            options.on_unhandled ? options.on_unhandled(failure) : report_unhandled(failure);
        } catch (...) {
            if (is_last) report_unhandled(failure);
            throw;
        }
    }
}

void report_from_anywhere(fiber_ref fiber) noexcept {
    scheduler_impl& scheduler = impl_of(*fiber->owner);
    if (current_core() == &scheduler) {
        scheduler.report_lost(std::move(fiber));
        return;
    }
    try {
        auto report = [fiber] { impl_of(*fiber->owner).report_lost(fiber); };
        if (!scheduler.is_dying()) {
            submit(scheduler, function_node_of<decltype(report)>::make(std::move(report)));
            return;
        }
        report_unhandled(unhandled_failure_of(*fiber));
    } catch (...) {
        std::fputs("corun: a failure was lost for lack of memory\n", stderr);
    }
}

}  // namespace detail
}  // namespace corun
