// What the runtime tells a simulation.
#include "loop.hpp"

#include <corun/blocking.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace corun::detail {
namespace {

// Objects of the simulation itself, below those that are named: who is next to spawn gets the next number, and so on.
constexpr object_name order_of_spawns = 1, order_of_numbers = 2;

}  // namespace

void simulated_loop::admitted(fiber_record& fresh) {
    const recording own{*this};
    touched(order_of_spawns, access::write);  // fibers are numbered by it
    trace_.add_fiber(fresh);
    trace_.fibers[fresh.id].since = steps_;
}

void simulated_loop::ended(fiber_record& fiber) noexcept {
    if (fiber.id >= trace_.count || trace_.fibers[fiber.id].record != &fiber) return;  // it was never admitted
    touched(name_of_fiber(fiber.id), access::write);
    trace_.fibers[fiber.id].record = nullptr;
}

void simulated_loop::touched(object_name object, access how) noexcept {
    if (wants_footprints_) footprint_.add(object, how);
}

object_name simulated_loop::name_object() noexcept {
    const std::uint64_t number = scheduler_->running != nullptr ? scheduler_->running->id : 0;
    return name_of_fiber(number) | ++trace_.fibers[number].objects;
}

bool simulated_loop::is_to_fail(failure_point point) noexcept {
    return point == failing_ && !draining_ && !recording_ && countdown_ != 0 && --countdown_ == 0;
}

void simulated_loop::misused(const char* why, const fiber_record& fiber) noexcept {
    const recording own{*this};
    fail_run(sim::failure_kind::forbidden_switch,
             "fiber " + describe(fiber) + " yields at " + describe(fiber.where) + " inside no_yield(\"" + why + "\")");
}

void simulated_loop::run_blocking(std::shared_ptr<blocking_job> job) {
    if (!options_.blocking_delay)
        throw std::logic_error{"corun: blocking() inside of a simulation, at " + describe(job->waiting->fiber()->where) +
                               "; with run_options::blocking_delay it runs there"};
    const recording own{*this};
    auto timer = std::make_unique<job_timer>();
    timer->job = std::move(job);
    const clock::duration longest = std::min(*options_.blocking_delay, clock::time_point::max() - now);
    const auto most = static_cast<std::uint64_t>(std::max<clock::rep>(longest.count(), 0));
    jobs_.push_back(std::move(timer));
    try {
        scheduler_->add_timer(*jobs_.back(), now + clock::duration{static_cast<clock::rep>(random() % (most + 1))});
    } catch (...) {
        jobs_.pop_back();
        throw;
    }
}

// As job_runner of lib/blocking.cpp, here on the loop.
void simulated_loop::job_timer::expired() noexcept {
    auto expected = blocking_job::stage::waiting;
    if (!job->at.compare_exchange_strong(expected, blocking_job::stage::running)) return;
    job->call();
    job->at.store(blocking_job::stage::finished);
    job->waiting->wake();
    job->waiting.reset();
}

std::uint64_t simulated_loop::random() noexcept {
    touched(order_of_numbers, access::write);
    return random_();
}

std::size_t simulated_loop::choose(std::size_t n, double probability) noexcept {
    if (draining_ || n < 2) return 0;
    const recording own{*this};
    const std::size_t choice = decides_->choose(n, probability);
    decisions_.push_back(static_cast<std::uint32_t>(choice));
    return choice;
}

void simulated_loop::note(const char* text) noexcept {
    const recording own{*this};
    if (!draining_) trace_.event(scheduler_->running != nullptr ? scheduler_->running->id : 0, text, now);
}

void fail_where_simulated(fiber_record& self) {
    if (self.owner->simulated->is_to_fail(failure_point::operation))
        throw boost::system::system_error{make_error_code(boost::system::errc::io_error), "a simulated failure"};
}

}  // namespace corun::detail
