// What a simulation found.
#pragma once

#include <corun/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

namespace corun::sim {

/// Why a simulated run failed.
enum class failure_kind : std::uint8_t {
    none,
    exception,         ///< the body threw
    unhandled,         ///< a fiber failed, and nobody can receive its failure
    deadlock,          ///< the body has not returned, nothing is runnable, and no timer is set
    fibers_left,       ///< the body has returned, and fibers that it started wait for something, or for a time
    starvation,        ///< a fiber waited longer than run_options::starvation allows
    too_long,          ///< more turns than run_options::max_steps
    forbidden_switch,  ///< a yield inside no_yield, whether or not the program caught the exception
    nondeterminism,    ///< the same schedule gave another run: addresses, clocks, threads, iteration over hashes
};

[[nodiscard]] const char* to_string(failure_kind kind) noexcept;

/// The outcome of run, check, replay, explore and fail_nth.
struct report {
    failure_kind kind = failure_kind::none;
    std::string what = {};             ///< the failure, in words: for a deadlock who waits for whom and where
    std::exception_ptr error = {};     ///< what the body or a fiber threw, if that is the failure
    std::uint64_t seed = 0;            ///< of the failed run, or of the last
    std::string schedule = {};         ///< of the failed run, for replay
    std::string trace = {};            ///< of the failed run: a line per turn
    std::size_t runs = 0;
    std::size_t steps = 0;             ///< turns, of all runs
    clock::duration elapsed{};         ///< in the simulation's time, of the last run
    std::uint64_t trace_hash = 0;      ///< of the last run; equal for equal runs of one program, in any process
    // --- explore ---
    bool exhausted = false;            ///< every schedule within the bounds was run
    std::size_t cut = 0;               ///< runs that were longer than max_steps
    std::size_t redundant = 0;         ///< runs given up because they could only repeat others

    [[nodiscard]] bool passed() const noexcept { return kind == failure_kind::none; }
};

/// Several lines: what failed, seed, schedule, trace; or that all passed, and how many runs there were.
[[nodiscard]] std::string to_string(const report& r);

/// Thrown by run, check, explore, replay and fail_nth when a run failed; what() is the report in words.
class failure : public std::runtime_error {
public:
    explicit failure(report r) : std::runtime_error{to_string(r)}, report_{std::move(r)} {}
    [[nodiscard]] const report& details() const noexcept { return report_; }

private:
    report report_;
};

}  // namespace corun::sim
