#include <corun/sim/check.hpp>

#include "choosers.hpp"

#include <corun/run.hpp>

#include <cxxabi.h>
#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <typeinfo>

namespace corun::detail {
namespace {

const std::type_info* type_of(const std::exception_ptr& error) {
    try {
        if (error) std::rethrow_exception(error);
    } catch (...) {
        return abi::__cxa_current_exception_type();
    }
    return nullptr;
}

// Whether two failures are of one kind: shortening a schedule must not lead to another bug.
bool alike(const sim::report& a, const sim::report& b) {
    if (a.kind != b.kind) return false;
    const std::type_info *of_a = type_of(a.error), *of_b = type_of(b.error);
    return of_a == nullptr || of_b == nullptr ? of_a == of_b : *of_a == *of_b;
}

// Blocks of many sizes that are held while a run is repeated, so that the program's own come to lie elsewhere, in another order.
class other_addresses {
public:
    other_addresses() {
        for (std::size_t i = 0; i != blocks_.size(); ++i) blocks_[i] = std::make_unique<char[]>(16 + 16 * (i * 37 % 64));
        for (std::size_t i = 0; i < blocks_.size(); i += 3) blocks_[i].reset();
    }

private:
    std::array<std::unique_ptr<char[]>, 192> blocks_;
};

}  // namespace

// Delta debugging (Zeller and Hildebrandt, TSE 2002): leaves out ever smaller parts of the deviations.
schedule shrink(simulated_loop& loop, schedule from, const sim::report& found, std::size_t runs, sim::detail::body_ref body,
                std::source_location at) {
    const auto still_fails = [&](schedule& candidate) {
        scheduled_chooser decides{candidate};
        if (!alike(loop.run(decides, candidate.seed, body, at), found)) return false;
        schedule as_it_was = schedule::of(candidate.seed, loop.decisions());  // what could not be followed drops out
        if (as_it_was.deviations.size() > candidate.deviations.size()) return false;
        candidate = std::move(as_it_was);
        return true;
    };
    std::size_t parts = 1;
    while (!from.deviations.empty() && runs != 0) {
        const std::size_t size = from.deviations.size(), part = (size + parts - 1) / parts;
        bool shorter = false;
        for (std::size_t begin = (size - 1) / part * part; runs != 0;
             begin -= part) {  // from the end: what comes late matters least
            schedule candidate = from;
            const auto first = candidate.deviations.begin() + static_cast<std::ptrdiff_t>(begin);
            candidate.deviations.erase(first, first + static_cast<std::ptrdiff_t>(std::min(part, size - begin)));
            --runs;
            if ((shorter = still_fails(candidate))) from = std::move(candidate);
            if (shorter || begin == 0) break;
        }
        if (shorter)
            parts = std::max<std::size_t>(parts - 1, 1);
        else if (part == 1)
            break;
        else
            parts = std::min(parts * 2, size);
    }
    return from;
}

sim::report explain(simulated_loop& loop, sim::report found, std::size_t shrinking_runs, sim::detail::body_ref body,
                    std::source_location at) {
    if (found.kind == sim::failure_kind::nondeterminism) return found;
    schedule shortest = schedule::of(found.seed, loop.decisions());
    shortest = shrink(loop, std::move(shortest), found, shrinking_runs, body, at);
    scheduled_chooser decides{shortest};
    sim::report last = loop.run(decides, shortest.seed, body, at, true);
    if (!alike(last, found)) {
        found.kind = sim::failure_kind::nondeterminism;
        found.what = "a run failed (" + found.what + "), and did not when it was repeated under the same schedule";
        last = found;
    }
    last.schedule = shortest.text();
    last.runs = found.runs;
    last.steps = found.steps;
    return last;
}

namespace {

// A run, and its repetition.
sim::report run_twice(simulated_loop& loop, const sim::check_options& options, std::uint64_t seed, std::size_t length,
                      sim::detail::body_ref body, std::source_location at) {
    random_chooser decides{seed, options.policy, length};
    sim::report first = loop.run(decides, seed, body, at);
    if (!options.repeat) return first;
    const std::vector<std::uint32_t> decisions = loop.decisions();
    const other_addresses elsewhere;
    random_chooser again{seed, options.policy, length};
    const sim::report second = loop.run(again, seed, body, at);
    if (second.kind == first.kind && second.trace_hash == first.trace_hash && loop.decisions() == decisions) return first;
    first.kind = sim::failure_kind::nondeterminism;
    first.schedule = schedule::of(seed, decisions).text();
    first.what =
        "the same schedule gave two different runs: of " + std::to_string(first.steps) + " turns (" + to_string(first.kind) +
        ") and of " + std::to_string(second.steps) + " (" + to_string(second.kind) +
        "). Does the program depend on addresses, on another clock or thread, on the order of a hash table, on what the last "
        "run left behind?";
    return first;
}

}  // namespace
}  // namespace corun::detail

namespace corun::sim::detail {

using namespace corun::detail;

report check(const check_options& options, body_ref body, std::source_location at) {
    refuse_on_fiber("corun::sim::check()", at);
    if (options.seeds == 0) throw std::invalid_argument{"corun: sim::check under 0 seeds would test nothing"};
    simulated_loop loop{options.run};
    report all{.seed = options.seed};
    std::size_t length = 1;  // of the longest run so far
    for (std::uint64_t seed = options.seed; all.runs != options.seeds; ++seed) {
        report one = run_twice(loop, options, seed, length, body, at);
        ++all.runs;
        all.steps += one.steps;
        all.seed = seed;
        all.elapsed = one.elapsed;
        all.trace_hash = one.trace_hash;
        length = std::max(length, one.steps);
        if (one.passed()) continue;
        one.runs = all.runs;
        one.steps = all.steps;
        return conclude(explain(loop, std::move(one), options.shrink, body, at), options.run.throws);
    }
    return all;
}

report replay(std::string_view text, const run_options& options, body_ref body, std::source_location at) {
    refuse_on_fiber("corun::sim::replay()", at);
    const schedule s = schedule::parse(text);
    simulated_loop loop{options};
    scheduled_chooser decides{s};
    report one = loop.run(decides, s.seed, body, at, true);
    one.schedule = schedule::of(s.seed, loop.decisions()).text();
    return conclude(std::move(one), options.throws);
}

}  // namespace corun::sim::detail
