// Many runs under many seeds; repeating and shortening the one that fails.
#pragma once

#include <corun/sim/run.hpp>

#include <string_view>

namespace corun::sim {

struct check_options {
    std::uint64_t seed = 1;      ///< of the first run
    std::size_t seeds = 1'000;   ///< runs, with the seeds `seed`, `seed + 1`, …
    sim::policy policy = random;
    bool repeat = true;          ///< each run is done twice, with the heap laid out otherwise, and must be the same run
    std::size_t shrink = 1'000;  ///< runs that may be spent on a shorter schedule
    run_options run = {};        ///< its seed and policy are not used
};

namespace detail {
report check(const check_options& options, body_ref body, std::source_location at);
report replay(std::string_view schedule, const run_options& options, body_ref body, std::source_location at);
}  // namespace detail

/// Runs the body once per seed. The first run that fails ends it: its schedule is shortened as long as the run still fails in the
/// same way, and reported with seed, schedule and trace.
///
/// Throws sim::failure, whatever the body threw: what an assertion of a test framework threw is in its details().error, and was
/// noted by the framework. std::invalid_argument for options that make no sense.
/// @param body  called once per run; what it changes outside of itself is seen by the next run
/// @return the report; the failed one too if options.run.throws is false
template <class Body>
    requires std::invocable<Body&>
report check(const check_options& options, Body&& body, std::source_location at = std::source_location::current()) {
    return detail::check(options, detail::body_ref{body}, at);
}

/// Repeats one run, from the `schedule` of a report. With the same program and the same run_options it is the same run. Throws as
/// check does; std::invalid_argument for a text that is no schedule.
template <class Body>
    requires std::invocable<Body&>
report replay(std::string_view schedule, Body&& body, const run_options& options = {},
              std::source_location at = std::source_location::current()) {
    return detail::replay(schedule, options, detail::body_ref{body}, at);
}

}  // namespace corun::sim
