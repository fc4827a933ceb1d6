#include "scheduler_impl.hpp"

#include <corun/detail/lock_owner.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/scoped_value.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <semaphore>

namespace corun::detail {
namespace {

struct blocked_thread final : end_listener {
    fiber_ref ended() noexcept override {
        at_end.release();
        return {};
    }
    std::binary_semaphore at_end{0};
};

}  // namespace

fiber_record::fiber_record(scheduler_core& core, std::source_location at) noexcept
    : owner{&core}, where{at}, spawned_at{at}, id{impl_of(core).lend_to_record()} {}

fiber_record::~fiber_record() {
    for (auto& spare : spare_blocks)
        if (void* block = spare.load(std::memory_order_relaxed)) ::operator delete(block);
    impl_of(*owner).take_back_from_record();
}

fiber_status status_of(const fiber_record& fiber) noexcept {
    if (!has_ended(fiber)) return fiber_status::live;
    if (fiber.was_cancelled) return fiber_status::cancelled;
    return fiber.failure ? fiber_status::failed : fiber_status::completed;
}

void destroy(fiber_record& fiber) noexcept { delete &fiber; }

bool listen(fiber_record& fiber, end_listener& listener) noexcept {
    if (current_core() == fiber.owner) {
        if (has_ended(fiber)) return false;
        listener.is_local = true;
        listener.enlist(fiber.local_listeners);
        return true;
    }
    const std::lock_guard hold{fiber.lock};
    // From here on the end comes to this lock, and finds the listener.
    if ((set_bits(fiber.outcome, outcome_watched) & outcome_ended) != 0) return false;
    listener.enlist(fiber.listeners);
    return true;
}

void stop_listening(fiber_record& fiber, end_listener& listener) noexcept {
    if (listener.is_local) {
        if (listener.listening) listener.strike_off();
        return;
    }
    const std::lock_guard hold{fiber.lock};  // also waits for one who is just telling it
    if (listener.listening) listener.strike_off();
}

void tell_listeners_elsewhere(fiber_record& fiber) noexcept {
    for (;;) {
        fiber_ref joiner;
        {
            const std::lock_guard hold{fiber.lock};
            end_listener* listener = fiber.listeners;
            if (listener == nullptr) return;
            listener->strike_off();
            joiner = listener->ended();
        }
        if (joiner) wake(*joiner);  // not under the lock: waking may run fibers
    }
}

void join_base::start_on(fiber_record& joiner) {
    fiber_record& target = *target_;
    if (&joiner == &target)
        throw switch_forbidden{"corun: fiber " + describe(target) + " joins itself at " + describe(target.where)};
    if (target.owner != joiner.owner) {  // whose state is nothing for us to read, and no cycle is certain
        joiner_ = &joiner;               // before another thread can find the listener
        if (!listen(target, *this)) joiner_ = nullptr;
        return;
    }
    if (has_ended(target)) return;
    if (is_parked(target.state)) refuse_cycle(joiner, target, "join of");
    joiner_ = &joiner;
    is_local = true;
    enlist(target.local_listeners);
    if (target.state == fiber_state::fresh) impl_of(*target.owner).hasten(target);
}

void join_base::describe_wait(wait_info& info) const noexcept {
    info.say("join of");
    info.holder = target_.get();
    const bool is_across = joiner_ != nullptr && !is_local;  // without a joiner nothing is awaited: the target has ended
    const bool is_inside = !is_across || impl_of(*joiner_->owner).is_related_to(impl_of(*target_->owner));
    info.source = is_inside ? wake_source::fibers : wake_source::outside;
}

fiber_ref join_base::ended() noexcept {
    if (!is_local) return fiber_ref{joiner_};
    fiber_record& joiner = *std::exchange(joiner_, nullptr);  // nothing is left to stop
    if (target_->is_ahead)
        make_ready_first(joiner);
    else
        make_ready(joiner);
    return {};
}

void detach(fiber_record& fiber) noexcept {
    std::uint8_t before = fiber.outcome.load(std::memory_order_acquire);
    if ((before & outcome_ended) == 0) before = set_bits(fiber.outcome, outcome_detached);
    if ((before & outcome_ended) == 0 || !fiber.failure || fiber.was_cancelled) return;
    if ((set_bits(fiber.outcome, outcome_claimed) & outcome_claimed) == 0) report_from_anywhere(fiber_ref{&fiber});
}

void drop_outcome(fiber_ref fiber) noexcept {
    const std::uint8_t before = fiber->outcome.fetch_or(outcome_dropped, std::memory_order_acq_rel);
    if ((before & outcome_ended) != 0 && fiber->failure && !fiber->was_cancelled) report_from_anywhere(std::move(fiber));
}

void claim(fiber_record& fiber, bool has_value) {
    if (!has_value && !fiber.failure) return;
    const std::uint8_t before = set_bits(fiber.outcome, static_cast<outcome>(outcome_claimed | outcome_joined));
    if (fiber.failure) {
        if (const scheduler_core* core = current_core(); fiber.attached && core != nullptr && core->running != nullptr)
            core->running->attached = fiber.attached;
        std::rethrow_exception(fiber.failure);
    }
    if ((before & outcome_claimed) != 0) throw std::future_error{std::future_errc::future_already_retrieved};
}

void wait_blocking(fiber_record& fiber) {
    refuse_on_fiber("fiber::get(), which blocks the thread,", std::source_location{});
    blocked_thread listener;
    if (!listen(fiber, listener)) return;
    listener.at_end.acquire();
    stop_listening(fiber, listener);
}

}  // namespace corun::detail
