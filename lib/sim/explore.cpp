#include <corun/sim/explore.hpp>

#include "choosers.hpp"
#include "explorer.hpp"

#include <corun/run.hpp>

#include <stdexcept>

namespace corun::sim::detail {

using namespace corun::detail;

namespace {

run_options run_options_of(const explore_options& options) {
    run_options run = options.run;
    run.max_steps = options.max_steps;
    // A turn that is given out of fairness is not one of the node's choices, so that sleep sets would not know of it.
    if (options.reduction != reduction::none) run.patience = unlimited;
    return run;
}

}  // namespace

report explore(const explore_options& options, body_ref body, std::source_location at) {
    refuse_on_fiber("corun::sim::explore()", at);
    if (options.reduction != reduction::none && options.preemptions != unlimited)
        throw std::invalid_argument{"corun: sim::explore with a reduction and a bound of preemptions would leave out schedules"};
    if (options.max_runs == 0) throw std::invalid_argument{"corun: sim::explore of at most 0 runs (max_runs) would test nothing"};
    simulated_loop loop{run_options_of(options), options.reduction != reduction::none};
    explorer tree{options};
    report all{.seed = options.run.seed};
    bool more = true;
    while (more && all.runs != options.max_runs) {
        tree.begin_run();
        report one = loop.run(tree, options.run.seed, body, at);
        ++all.runs;
        all.steps += one.steps;
        all.elapsed = one.elapsed;
        all.trace_hash = one.trace_hash;
        if (tree.has_diverged()) {
            one.kind = failure_kind::nondeterminism;
            one.what =
                "a run under the same decisions as before came to other candidates. Does the program depend on addresses, on "
                "another clock or thread, on the order of a hash table, on what the last run left behind?";
        } else if (one.kind == failure_kind::too_long) {
            ++all.cut;
            one.kind = failure_kind::none;
        }
        all.redundant += loop.gave_up() ? 1 : 0;
        if (!one.passed()) {
            one.runs = all.runs;
            one.steps = all.steps;
            one.schedule = schedule::of(options.run.seed, loop.decisions()).text();
            return conclude(explain(loop, std::move(one), options.shrink, body, at), options.run.throws);
        }
        more = tree.next_run();
    }
    all.exhausted = !more && all.cut == 0;
    return all;
}

}  // namespace corun::sim::detail
