#include "loop.hpp"

#include "../observers.hpp"
#include "../places.hpp"

#include <corun/run.hpp>
#include <corun/scheduler.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace corun::detail {
namespace {

// Far enough from zero for a program to look back.
constexpr clock::time_point beginning{std::chrono::hours{24 * 365}};

// Names below are the runtime's own.
constexpr std::uint32_t first_object_of_the_loop = 16;

}  // namespace

simulated_loop::simulated_loop(const sim::run_options& options, bool wants_footprints)
    : options_{options}, wants_footprints_{wants_footprints} {
    if (options.max_steps == 0) throw std::invalid_argument{"corun: a simulated run of 0 turns (max_steps) tests nothing"};
    if (options.policy.depth < 0) throw std::invalid_argument{"corun: the depth of sim::pct() cannot be negative"};
    open();
}

simulated_loop::~simulated_loop() { close(); }

void simulated_loop::open() {
    context_ = std::make_unique<boost::asio::io_context>(1);
    scheduler& own = scheduler::of(*context_);
    own.stack_size(options_.stack_size);
    own.on_unhandled([this](const unhandled_failure& failure) {
        if (draining_) return;
        if (options_.failures_may_be_unhandled) return note("a failure that nobody receives");
        std::string who = "fiber " + failure.fiber + ", spawned at " + describe(failure.spawned_at);
        fail_run(sim::failure_kind::unhandled, who + ", failed with " + describe(failure.error), failure.error);
    });
    scheduler_ = &impl_of(own);
    scheduler_->simulated = this;
    scheduler_->posted_ = true;  // no drive is ever posted, nor is one needed
}

// Fibers that wait for real operations end with the context, without a simulation.
void simulated_loop::close() noexcept {
    scheduler_->simulated = nullptr;
    scheduler_->posted_ = false;
    context_.reset();
}

sim::report simulated_loop::run(chooser& decides, std::uint64_t seed, sim::detail::body_ref body, std::source_location at,
                                bool traced) {
    if (!context_) open();
    decides_ = &decides;
    trace_.clear(beginning, traced);
    begin(seed);
    while (!scheduler_->try_enter()) {
    }
    {
        const entered inside{*scheduler_};
        try {
            auto call = [body] { body(); };
            using main_body = fiber_body<void, decltype(call)>;
            const boost::intrusive_ptr<fiber_result<void>> main{new main_body{*scheduler_, at, std::move(call)}, false};
            launch(*scheduler_, *main, {.name = "main"});
            run_turns(*main);
            judge(*main);
        } catch (...) {
            fail_run(sim::failure_kind::exception, "an exception left a function that was posted to the scheduler",
                     std::current_exception());
        }
        if (scheduler_->live != 0) drain();
        for (const auto& job : jobs_) scheduler_->timers.remove(*job);
        jobs_.clear();
    }
    sim::report result{.kind = kind_,
                       .what = std::move(what_),
                       .error = std::exchange(error_, nullptr),
                       .seed = seed,
                       .runs = 1,
                       .steps = steps_,
                       .elapsed = now - beginning,
                       .trace_hash = trace_.hash()};
    if (traced) result.trace = trace_.text();
    if (scheduler_->live != 0) {
        say_before_the_end(result);
        close();
    }
    return result;
}

void simulated_loop::begin(std::uint64_t seed) {
    random_ = random_source{seed};
    now = beginning;
    scheduler_->coarse_now = now.time_since_epoch().count();
    decisions_.clear();
    footprint_.clear();
    steps_ = 0;
    ran_ = 0;
    goes_on_at_ = none;
    kind_ = sim::failure_kind::none;
    what_.clear();
    error_ = nullptr;
    gave_up_ = draining_ = false;
    // Number 0, so that fibers count from 1.
    if (trace_.fibers.empty()) trace_.fibers.emplace_back();
    trace_.fibers[0].objects = first_object_of_the_loop;
    trace_.count = 1;
    if (is_observed(observer::signals)) need_alternate_stack();
    scheduler_->places = places_of_this_thread();
    scheduler_->strand_at_entry = innermost_strand(scheduler_->places);
#if defined(CORUN_SANITIZED)
    describe_thread_stack(scheduler_->loop);
#endif
}

// While the body runs, time passes when nobody can run. After it, no more.
void simulated_loop::run_turns(const fiber_record& main) {
    while (kind_ == sim::failure_kind::none) {
        take_messages();
        if (wants_footprints_ && ran_ != 0) decides_->has_run(std::exchange(ran_, 0), footprint_);
        if (main.failure && has_ended(main)) return;
        if (scheduler_->ready.empty()) {
            if (!find_work(!has_ended(main))) return;
            continue;
        }
        if (steps_ == options_.max_steps) {
            fail_run(sim::failure_kind::too_long, "more than " + std::to_string(options_.max_steps) + " turns\n" + list_fibers());
            return;
        }
        std::size_t place = 0;
        if (!choose_turn(place)) return;
        give_turn(place);
    }
}

bool simulated_loop::has_messages() const noexcept {
    return scheduler_->inbox_.load(std::memory_order_acquire) != nullptr || scheduler_->taken_ != nullptr;
}

void simulated_loop::take_messages() {
    // What handlers and posted functions touch is not known.
    if (has_messages()) {
        footprint_.add_everything();
        const std::size_t before = scheduler_->ready.size();
        scheduler_->take_inbox();
        account(0, before);
    }
    scheduler_->hand_over_failures();
}

// False: nothing has come up; nobody runs again, or only if time passes.
bool simulated_loop::find_work(bool time_may_pass) {
    const std::size_t before = scheduler_->ready.size();
    footprint_.clear();
    goes_on_at_ = none;
    if (!scheduler_->asked_.empty()) scheduler_->escalate();
    context_->restart();
    bool found = context_->poll() != 0 || scheduler_->ready.size() != before || has_messages();
    if (!found && time_may_pass && !scheduler_->timers.empty()) {
        now = std::max(now, scheduler_->timers.earliest());
        scheduler_->coarse_now = now.time_since_epoch().count();
        trace_.time(now);
        scheduler_->expire_timers(now);
        found = true;
    }
    account(0, before);
    return found;
}

}  // namespace corun::detail
