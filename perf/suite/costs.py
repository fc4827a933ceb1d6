"""Runs the Google Benchmark programs, their repetitions interleaved at random."""

import json
import statistics

from . import catalogue, children


def run(build_dir, cost, repetitions, peers, say):
    """The cost's parameters, each a dictionary as described in report.py."""
    say(f"{cost.name}: {repetitions} repetitions of each, interleaved")
    program = build_dir / "perf" / cost.name
    if not program.exists():
        raise children.Failed(f"{cost.name} has not been built")
    command = [program, "--benchmark_format=json", f"--benchmark_repetitions={repetitions}",
               "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.1"]
    if peers:
        command.append(f"--benchmark_filter=^{cost.name}/({'|'.join(['corun', 'jump_fcontext', *peers])})(_|/|$)")
    try:
        measured = json.loads(children.output(command, cost.seconds * repetitions))["benchmarks"]
    except (ValueError, KeyError):
        raise children.Failed(f"{cost.name} printed something else than benchmarks") from None
    return _by_parameter(cost, measured)


def _by_parameter(cost, measured):
    results = {}
    for run_ in measured:
        if run_["run_type"] != "iteration":
            continue
        _, runtime, *parameter = run_["run_name"].split("/")
        result = results.setdefault("/".join(parameter), {
            "cost": cost.name, "meaning": cost.meaning, "parameter": "/".join(parameter),
            "runs": {}, "median_ns": {}, "failed": {}})
        if run_.get("error_occurred"):
            result["failed"][runtime] = run_["error_message"]
        else:
            # CPU time: all run on one thread and never wait, and the time of other processes is left out.
            result["runs"].setdefault(runtime, []).append(run_["cpu_time"])
    for result in results.values():
        for runtime in sorted(result["runs"], key=_place):  # they ran in a random order
            if runtime not in result["failed"]:
                result["median_ns"][runtime] = statistics.median(result["runs"][runtime])
    return sorted(results.values(), key=lambda result: (len(result["parameter"]), result["parameter"]))


def _place(runtime):
    """corun, then its peers, then what is said aside."""
    return runtime != "corun", runtime in catalogue.ASIDES, runtime
