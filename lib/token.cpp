#include "scheduler_impl.hpp"

#include <corun/detail/scope.hpp>
#include <corun/detail/token_handler.hpp>

#include <boost/asio/cancellation_type.hpp>

#include <cstddef>
#include <new>
#include <string>

namespace corun::detail {
namespace {

// Added to the stop_stage of a fiber whose operation is to be asked the same once more.
constexpr std::uint8_t once_more = stop_terminal + 1;

// From the gentlest request to the hardest.
void emit(fiber_record& fiber) {
    if (fiber.stop_stage > once_more) fiber.stop_stage -= once_more + 1;
    using boost::asio::cancellation_type;
    constexpr cancellation_type stages[] = {cancellation_type::total, cancellation_type::partial, cancellation_type::terminal};
    if (fiber.stop_stage < fiber.stop_limit) fiber.cancellation.emit(stages[fiber.stop_stage++]);
}

// In each way that is left, at once: for lack of memory to wait for the loop's turns.
void ask_in_every_way(fiber_record& fiber) {
    while (fiber.stop_stage < fiber.stop_limit) emit(fiber);
}

}  // namespace

bool says_aborted(const std::exception_ptr& e) noexcept {
    try {
        if (e) std::rethrow_exception(e);
    } catch (const boost::system::system_error& error) {
        return says_aborted(error.code());
    } catch (const fiber_cancelled&) {  // of one that was spawned as an operation
        return true;
    } catch (...) {
    }
    return false;
}

void ask_to_stop(token_state_base& state) {
    fiber_record& fiber = state.fiber;
    const cancellation_view seen{fiber, fiber.innermost, std::uncaught_exceptions()};
    fiber.stop_limit = seen.source != nullptr ? std::uint8_t{stop_terminal} : fiber.hardest_request.load(std::memory_order_relaxed);
    emit(fiber);
    try {
        impl_of(*fiber.owner).escalate_later(fiber);
    } catch (const std::bad_alloc&) {
        ask_in_every_way(fiber);
    }
}

void allow_harder(fiber_record& fiber, std::uint8_t limit) noexcept {
    if (fiber.stop_stage == 0 || limit <= fiber.stop_limit) return;
    fiber.stop_limit = limit;
    try {
        impl_of(*fiber.owner).escalate_later(fiber);
    } catch (...) {
        ask_in_every_way(fiber);
    }
}

// Asio does not tell whether an operation heeds a request. One that does completes before the loop's next turn; the others
// are asked harder in the turns after it.
void scheduler_impl::escalate_later(fiber_record& fiber) {
    asked_.emplace_back(&fiber);
    post_drive();
}

// An operation that was asked takes memory for another step. A composed one need not remember that it was asked, and what it waits
// for in that step has not been asked at all.
void scheduler_impl::ask_again_later(fiber_record& fiber) {
    if (fiber.stop_stage < fiber.stop_limit || fiber.stop_stage > once_more) return;  // it will be asked anyway
    escalate_later(fiber);
    fiber.stop_stage += once_more;
}

void scheduler_impl::escalate() {
    std::erase_if(asked_, [](const fiber_ref& fiber) {
        return fiber->stop_stage == 0 || (fiber->stop_stage >= fiber->stop_limit && fiber->stop_stage < once_more);
    });
    if (asked_.empty()) return;
    const std::size_t asked_before =
        asked_.size();  // an operation that takes memory while it is asked adds to them, and may move them
    for (std::size_t i = 0; i != asked_before; ++i) emit(*fiber_ref{asked_[i]});
    post_drive();
}

void throw_abandoned(fiber_record& self) {
    scheduler_impl& scheduler = impl_of(*self.owner);
    scheduler.cancel(self, scheduler.is_dying() ? cancel_reason::shutdown : cancel_reason::abandoned);
    throw_cancelled(self);
}

void throw_context_is_gone(fiber_record& self) {
    impl_of(*self.owner).cancel(self, cancel_reason::shutdown);
    throw_cancelled(self);
}

}  // namespace corun::detail
