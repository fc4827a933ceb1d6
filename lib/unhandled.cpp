// Failures that nobody can receive any more: on their way to the scheduler's handler.
#include "scheduler_impl.hpp"

#include <corun/scheduler.hpp>

#include <cstdio>
#include <new>
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

namespace {

// On its way to the fiber's scheduler. Where that ends before, the one who takes it along is inside; or there is nobody.
class report_on_its_way {
public:
    explicit report_on_its_way(fiber_ref fiber) noexcept : fiber_{std::move(fiber)} {}
    report_on_its_way(report_on_its_way&&) noexcept = default;
    ~report_on_its_way() {
        if (fiber_ == nullptr) return;
        if (current_core() == fiber_->owner)
            (*this)();
        else
            report_here(*fiber_);
    }
    void operator()() noexcept {
        scheduler_impl& scheduler = impl_of(*fiber_->owner);
        scheduler.report_lost(std::move(fiber_));
    }

private:
    static void report_here(const fiber_record& fiber) noexcept {
        try {
            report_unhandled(unhandled_failure_of(fiber));
        } catch (...) {
            std::fputs("corun: a failure was lost for lack of memory\n", stderr);
        }
    }

    fiber_ref fiber_;
};

}  // namespace

void report_from_anywhere(fiber_ref fiber) noexcept {
    scheduler_impl& scheduler = impl_of(*fiber->owner);
    if (current_core() == &scheduler) {
        scheduler.report_lost(std::move(fiber));
        return;
    }
    report_on_its_way report{std::move(fiber)};
    if (scheduler.is_dying()) return;  // nobody would take it
    try {
        submit(scheduler, function_node_of<report_on_its_way>::make(std::move(report)));
    } catch (const std::bad_alloc&) {  // it reports here
    }
}

}  // namespace detail
}  // namespace corun
