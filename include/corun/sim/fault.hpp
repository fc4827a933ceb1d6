// Failures on demand: by name and probability, or by position.
#pragma once

#include <corun/detail/simulation.hpp>
#include <corun/sim/run.hpp>

namespace corun::sim {

/// A point in the program where something may go wrong: `if (sim::fault("disk full", 0.01)) throw …`. False outside of a
/// simulation, so it may stay in production code. Each fault is a decision of the schedule: shrinking removes those that are not
/// needed, and explore tries each point with and without it.
/// @param name  shown in the trace; must live as long as the simulation
[[nodiscard]] bool fault(const char* name, double probability) noexcept;

/// Where fail_nth strikes.
enum class point : std::uint8_t {
    allocation,  ///< operator new on a fiber throws std::bad_alloc; the program includes <corun/sim/failing_new.hpp> in one source file
    stack,  ///< a fiber gets no stack: it fails with stack_unavailable
    operation,  ///< starting to wait fails with boost::system::system_error, errc::io_error
};

namespace detail {
report fail_nth(point what, const run_options& options, body_ref body, std::source_location at);
}

/// Runs the body with the first such point failing, then the second, until a run passes the point untouched. A run may end in the
/// error that was injected; anything else (another exception, a deadlock, a fiber left behind) is a failure. `steps` of the report
/// counts turns, `runs` is one more than the points that there are.
template <class Body>
    requires std::invocable<Body&>
report fail_nth(point what, Body&& body, const run_options& options = {},
                std::source_location at = std::source_location::current()) {
    return detail::fail_nth(what, options, detail::body_ref{body}, at);
}

/// Whether the allocation that is about to be made is to fail. For a program that has an operator new of its own, in place of
/// <corun/sim/failing_new.hpp>. Any thread; false outside of a simulation.
[[nodiscard]] bool allocation_is_to_fail() noexcept;

}  // namespace corun::sim
