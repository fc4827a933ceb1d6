#include <corun/sim/run.hpp>

#include "choosers.hpp"

#include <corun/run.hpp>
#include <corun/sim/fault.hpp>

#include <boost/system/system_error.hpp>

#include <new>
#include <random>
#include <stdexcept>

namespace corun::detail {

sim::report conclude(sim::report r, bool throws) {
    if (r.passed() || !throws) return r;
    throw sim::failure{std::move(r)};
}

}  // namespace corun::detail

namespace corun::sim {
namespace detail {

using namespace corun::detail;

report run(const run_options& options, body_ref body, std::source_location at) {
    refuse_on_fiber("corun::sim::run()", at);
    simulated_loop loop{options};
    random_chooser decides{options.seed, options.policy, 100};
    report r = loop.run(decides, options.seed, body, at, true);
    r.schedule = schedule::of(options.seed, loop.decisions()).text();
    if (r.kind == failure_kind::exception && options.throws) std::rethrow_exception(r.error);
    return conclude(std::move(r), options.throws);
}

namespace {

bool is_injected(point what, const std::exception_ptr& error) {
    try {
        if (error) std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
        return what == point::allocation;
    } catch (const stack_unavailable&) {
        return what == point::stack;
    } catch (const boost::system::system_error& e) {
        return what == point::operation && e.code() == boost::system::errc::io_error;
    } catch (...) {
    }
    return false;
}

// Tries one that is to fail.
void refuse_if_no_allocation_fails(simulated_loop& loop, std::source_location at) {
    bool has_failed = false;
    auto allocate = [&has_failed] {
        try {
            ::operator delete(::operator new(1));
        } catch (const std::bad_alloc&) {
            has_failed = true;
        }
    };
    loop.fail(failure_point::allocation, 1);
    random_chooser decides{0, random, 1};
    (void)loop.run(decides, 0, body_ref{allocate}, at);
    if (!has_failed)
        throw std::logic_error{"corun: sim::fail_nth(point::allocation, …) at " + describe(at) +
                               ": this program's operator new never fails; include <corun/sim/failing_new.hpp> in one of its "
                               "source files"};
}

}  // namespace

report fail_nth(point what, const run_options& options, body_ref body, std::source_location at) {
    refuse_on_fiber("corun::sim::fail_nth()", at);
    simulated_loop loop{options};
    if (what == point::allocation) refuse_if_no_allocation_fails(loop, at);
    for (std::size_t n = 1, steps = 0;; ++n) {
        loop.fail(static_cast<failure_point>(what), n);
        random_chooser decides{options.seed, options.policy, 100};
        report r = loop.run(decides, options.seed, body, at, true);
        const bool untouched = loop.points_to_go() != 0;
        loop.fail({}, 0);
        r.runs = n;
        r.steps = steps += r.steps;
        if (!r.passed() && (untouched || !is_injected(what, r.error))) {
            r.schedule = schedule::of(options.seed, loop.decisions()).text();
            r.what = (untouched ? "without a failure: " : "with failure number " + std::to_string(n) + ": ") + r.what;
            return conclude(std::move(r), options.throws);
        }
        if (untouched) return r;
    }
}

simulation& simulation_for(const char* what) {
    simulation* s = current_simulation();
    if (s == nullptr) throw std::logic_error{std::string{"corun: "} + what + " was called outside of a simulation"};
    return *s;
}

}  // namespace detail

using corun::detail::current_simulation;

bool is_simulated() noexcept { return current_simulation() != nullptr; }

std::size_t choose(std::size_t n) {
    if (n == 0) throw std::invalid_argument{"corun: sim::choose(0): there is nothing to choose from"};
    return detail::simulation_for("sim::choose()").choose(n, corun::detail::simulation::even);
}

std::uint64_t random_number() {
    if (auto* s = current_simulation()) return s->random();
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

bool fault(const char* name, double probability) noexcept {
    auto* s = current_simulation();
    if (s == nullptr || !(probability > 0) || s->choose(2, probability) == 0) return false;
    s->note(name != nullptr ? name : "a fault");
    return true;
}

bool allocation_is_to_fail() noexcept {
    const corun::detail::scheduler_core* core = corun::detail::current_core();
    return core != nullptr && core->simulated != nullptr && core->running != nullptr &&
           core->simulated->is_to_fail(corun::detail::failure_point::allocation);
}

void require(bool condition, std::string_view text, std::source_location where) {
    if (!condition) throw std::logic_error{std::string{text} + ", at " + corun::detail::describe(where)};
}

}  // namespace corun::sim
