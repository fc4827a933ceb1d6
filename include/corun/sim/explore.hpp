// Every schedule of a small program.
#pragma once

#include <corun/sim/run.hpp>

#include <cstddef>
#include <limits>

namespace corun::sim {

inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

/// What explore may leave out.
enum class reduction : std::uint8_t {
    none,                 ///< nothing: any plain variable may be shared
    all_state_is_marked,  ///< turns that touch no common object are not tried in both orders. Only sound if the body's fibers share
    ///< nothing that changes but corun's own objects, corun::shared<T>, and what sim::choose and sim::fault decide
};

struct explore_options {
    std::size_t preemptions = unlimited;  ///< times that a turn is taken from a fiber that could go on, per run
    std::size_t faults = 1;  ///< sim::fault points that strike, per run
    std::size_t max_steps = 200;  ///< turns; longer runs are cut, and the space is then not exhausted
    std::size_t max_runs = 10'000'000;
    sim::reduction reduction = sim::reduction::none;
    std::size_t shrink = 1'000;  ///< runs that may be spent on a shorter schedule
    run_options run = {.patience = 50};  ///< its policy and max_steps are not used
};

namespace detail {
report explore(const explore_options& options, body_ref body, std::source_location at);
}

/// Runs the body under every schedule within the bounds, depth first, beginning with the one in which each fiber runs until it
/// waits. At each turn every runnable fiber is tried, at each sim::choose and sim::fault every outcome. Time passes as in run; the
/// numbers of sim::random_number, and delays, are those of the one seed.
///
/// With `preemptions` the runs are those schedules in which at most so many turns are taken from a fiber that could go on: most
/// bugs need one or two (Musuvathi and Qadeer, PLDI 2007). With a reduction they are sleep sets' (Godefroid 1996): one of each
/// class of schedules that differ only in the order of turns that commute. The two together would leave out schedules within the
/// bound; that is refused with std::invalid_argument.
///
/// A run whose prefix does not come out as it did before is reported as nondeterminism.
/// @return the report: how many runs, whether the space was `exhausted`; throws as check does
template <class Body>
    requires std::invocable<Body&>
report explore(const explore_options& options, Body&& body, std::source_location at = std::source_location::current()) {
    return detail::explore(options, detail::body_ref{body}, at);
}

}  // namespace corun::sim
