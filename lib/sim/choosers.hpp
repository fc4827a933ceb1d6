// Who decides a run: chance, or a schedule.
#pragma once

#include "loop.hpp"
#include "random.hpp"

#include <corun/sim/run.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corun::detail {

// Chance, under a seed.
class random_chooser final : public chooser {
public:
    // @param length  about how many turns a run takes, for PCT
    random_chooser(std::uint64_t seed, sim::policy policy, std::size_t length);

    std::size_t turn(const candidates& among) override;
    std::size_t choose(std::size_t n, double probability) override;

private:
    // The higher runs first. Those that a change point has lowered come last.
    [[nodiscard]] std::uint64_t priority(std::uint64_t fiber) const noexcept;

    const std::uint64_t seed_;
    const sim::policy policy_;
    random_source random_;
    std::vector<std::size_t> changes_;      // turns at which the fiber that would run is lowered
    std::vector<std::uint64_t> lowered_;    // fibers, the last the lowest
    std::size_t turns_ = 0;
};

// A seed, and which decisions were not 0: their places in the order of decisions, and what they were.
struct schedule {
    std::uint64_t seed = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> deviations;

    static schedule of(std::uint64_t seed, const std::vector<std::uint32_t>& decisions);
    static schedule parse(std::string_view text);  // throws std::invalid_argument
    [[nodiscard]] std::string text() const;        // "2a/3=1,17=2"; the seed in hexadecimal
};

class scheduled_chooser final : public chooser {
public:
    explicit scheduled_chooser(const schedule& s) noexcept : schedule_{s} {}

    std::size_t turn(const candidates& among) override { return next(among.count); }
    std::size_t choose(std::size_t n, double) override { return next(n); }

private:
    std::size_t next(std::size_t n) noexcept;

    const schedule& schedule_;
    std::size_t at_ = 0;       // in deviations
    std::uint32_t decision_ = 0;
};

// A schedule with fewer deviations that fails likewise.
[[nodiscard]] schedule shrink(simulated_loop& loop, schedule from, const sim::report& found, std::size_t runs,
                              sim::detail::body_ref body, std::source_location at);

// The report of a failed run with what a reader needs: a shorter schedule, and its trace.
[[nodiscard]] sim::report explain(simulated_loop& loop, sim::report found, std::size_t shrinking_runs, sim::detail::body_ref body,
                                  std::source_location at);

// Throws for a failed run, if it is to; else hands the report back.
sim::report conclude(sim::report r, bool throws);

}  // namespace corun::detail
