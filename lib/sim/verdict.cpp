// How a simulated run ends: what is said of it, and how what still lives is unwound.
#include "choosers.hpp"
#include "loop.hpp"

#include <corun/error.hpp>

#include <cstdio>
#include <utility>

namespace corun::detail {
namespace {

// A cancelled fiber that has not come to its end by then never will.
constexpr std::size_t turns_to_unwind = 1'000'000;

}  // namespace

void simulated_loop::judge(const fiber_record& main) {
    if (kind_ != sim::failure_kind::none || gave_up_) return;
    if (!has_ended(main)) {
        fail_run(sim::failure_kind::deadlock, "nothing can run any more:\n" + list_fibers());
    } else if (main.failure) {
        fail_run(sim::failure_kind::exception, {}, main.failure);
    } else if (scheduler_->live != 0 && !options_.fibers_may_be_left) {
        fail_run(sim::failure_kind::fibers_left, "the body has returned, but others have not ended:\n" + list_fibers());
    }
}

// Cancels what lives and runs it to its end: the youngest first, since the older ones' variables are often the younger ones' too.
// An older one is cancelled when no younger one can go on without it, and time passes when nobody can.
void simulated_loop::drain() noexcept {
    draining_ = true;
    std::uint64_t oldest = trace_.count;
    for (std::size_t turns = 0; turns != turns_to_unwind && scheduler_->live != 0; ++turns) {
        try {
            for (std::uint64_t number = oldest; number != trace_.count; ++number)
                if (fiber_record* fiber = trace_.fibers[number].record; fiber != nullptr && !fiber->is_cancelled)
                    scheduler_->cancel(*fiber, cancel_reason::shutdown);
            take_messages();
            if (const std::size_t place = youngest_ready(oldest); place != none)
                unwind(place);
            else if (!find_work(false) && --oldest == 0 && (oldest = 1, !find_work(true)))
                return;
        } catch (...) {
            // Of a function that was posted; the run has failed already, or its result is known.
        }
    }
}

// A fiber that swallows its cancellation without end is about to end the process; what was found must not go with it.
void simulated_loop::say_before_the_end(const sim::report& found) const {
    for (std::size_t number = 1; number != trace_.count; ++number) {
        const fiber_record* const fiber = trace_.fibers[number].record;
        if (fiber == nullptr || fiber->cancellations_thrown == 0) continue;
        const std::string under = schedule::of(found.seed, decisions_).text(), name = trace_.name_of(number);
        std::fprintf(stderr, "%scorun: after this run, under schedule \"%s\", fiber %s does not let itself be cancelled\n",
                     to_string(found).c_str(), under.c_str(), name.c_str());
    }
}

std::size_t simulated_loop::youngest_ready(std::uint64_t oldest) const noexcept {
    const run_queue& ready = scheduler_->ready;
    std::size_t youngest = none;
    for (std::size_t i = 0; i != ready.size(); ++i) {
        const std::uint64_t number = ready.at(i).fiber->id;
        if (number >= oldest && (youngest == none || number > ready.at(youngest).fiber->id)) youngest = i;
    }
    return youngest;
}

// A fiber that has not begun does not begin: what it refers to may be gone already.
void simulated_loop::unwind(std::size_t place) {
    fiber_record& fiber = *scheduler_->ready.at(place).fiber;
    if (fiber.state == fiber_state::fresh) fiber.never_begins = true;
    give_turn(place);
}

void simulated_loop::fail_run(sim::failure_kind kind, std::string what, std::exception_ptr error) noexcept {
    if (kind_ != sim::failure_kind::none || draining_) return;
    kind_ = kind;
    what_ = std::move(what);
    error_ = std::move(error);
    if (!error_) return;
    try {
        std::rethrow_exception(error_);
    } catch (const std::exception& e) {
        if (what_.empty()) what_ = e.what();
    } catch (const cancelled& c) {
        if (what_.empty()) what_ = c.message();
    } catch (...) {
        if (what_.empty()) what_ = describe(error_);
    }
}

std::string simulated_loop::list_fibers() const {
    std::string all;
    for (std::size_t number = 1; number != trace_.count; ++number) {
        const traced_fiber& fiber = trace_.fibers[number];
        if (fiber.record == nullptr) continue;
        all += "    fiber " + trace_.name_of(number) + (fiber.is_runnable ? " is runnable " : " waits ") + trace_.wait_of(fiber) +
               "\n";
    }
    return all;
}

}  // namespace corun::detail
