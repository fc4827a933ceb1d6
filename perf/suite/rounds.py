"""Runs the workloads. The runtimes alternate within each round, so that a noisy minute hits all of them.

The time is divided over the cases by how many programs each runs. Rounds go on until there are as many as asked for, or the case's
part of the time is used up; up to five rounds, below which nothing can be decided, it may take some more."""

import contextlib
import tempfile
import time

from . import catalogue, children, programs, samples

STRETCH = 1.5


class Runner:
    def __init__(self, found, server, options, progress):
        self._programs = found
        self._server = server
        self._options = options
        self._progress = progress

    def cases(self, workload):
        return [case for case in workload.cases if self._options.mode in case.modes]

    def runtimes(self, workload):
        return [runtime for runtime in workload.runtimes
                if runtime == "corun" or (runtime in self._options.peers if self._options.peers else self._options.mode != "quick"
                                          or self._options.check or runtime not in catalogue.ASIDES or runtime in catalogue.FLOORS)]

    def plan(self, workloads, reserve):
        """Says what will be run; `reserve` is what comes after it, in the same measure: programs in a round."""
        self._weight = {workload.name: len(self.runtimes(workload)) for workload in workloads}
        self._left = reserve
        for workload in workloads:
            for case in self.cases(workload):
                self._left += self._weight[workload.name] * case.weight
                for runtime in self.runtimes(workload):
                    self._progress.plan((workload.name, case.title, runtime), self._options.rounds)

    def begin(self, workload, case):
        """The next case gets its part of the time."""
        part = self._weight[workload.name] * case.weight
        self._progress.share(part, self._left)
        self._left -= part

    def run(self, workload):
        """The results of the workload's cases, one after the other, each a dictionary as described in report.py."""
        if not self.cases(workload):
            return
        with contextlib.ExitStack() as around:
            extra = []
            if workload.needs_server:
                extra += ["--port", around.enter_context(children.web_server(self._server, self._programs.server_processor))]
            if workload.needs_folder:
                # The programs remove what they make; this covers those that are killed.
                extra += ["--folder", around.enter_context(tempfile.TemporaryDirectory(prefix="corun-perf-"))]
            for case in self.cases(workload):
                self.begin(workload, case)
                yield self._run_case(workload, case, extra)

    def _run_case(self, workload, case, extra):
        result = {"workload": workload.name, "meaning": workload.meaning, "case": case.title, "columns": workload.columns,
                  "drawn": workload.drawn, "remark": workload.remarks.get(case.title, ""),
                  "runs": {}, "summary": {}, "verdicts": {}, "skipped": {}, "failed": {}}
        commands = {}
        for runtime in self.runtimes(workload):
            if reason := self._programs.why_not(workload, case, runtime):
                result["failed" if runtime == "corun" else "skipped"][runtime] = reason
            else:
                commands[runtime] = self._command(workload, case, runtime, extra)
        result["skipped"].update({runtime: reason for runtime, reason in workload.absent.items()
                                  if not self._options.peers or runtime in self._options.peers})
        rounds, longest = self._options.rounds, 0.0
        for number in range(rounds):
            if not self._progress.allows(longest, 1.0 if number >= samples.FEWEST else STRETCH):
                result["skipped"]["—"] = f"the time was up after {number} of {rounds} rounds"
                break
            begun = time.monotonic()
            self._round(workload, case, commands, number, rounds, result)
            longest = max(longest, time.monotonic() - begun)
        evaluate(workload, result)
        return result

    def _command(self, workload, case, runtime, extra):
        arguments = [*case.arguments, *extra]
        if programs.by_benchmark(workload, runtime):
            arguments = list(extra)  # it finds out by itself how often to repeat its operation
            arguments.append(f"--benchmark_min_time={(0.02 if self._options.mode == 'quick' else 0.1) * workload.times:g}")
        elif self._options.mode == "quick":
            arguments = with_less(arguments, case.quick)
        return self._programs.pinned(workload, self._programs.command(workload, runtime, arguments, case.parameter))

    def _round(self, workload, case, commands, number, rounds, result):
        runtimes = [runtime for runtime in commands if runtime not in result["failed"] and runtime not in result["skipped"]]
        first = number % len(runtimes) if runtimes else 0  # nobody is always the one after a certain other
        for runtime in runtimes[first:] + runtimes[:first]:
            self._progress.say(f"{workload.name}, {case.title}: round {number + 1} of {rounds}, {runtime}")
            begun, limit = time.monotonic(), self._progress.at_most(workload.seconds)
            try:
                run = programs.fields(children.output(commands[runtime], limit), workload, runtime)
                result["runs"].setdefault(runtime, []).append(run)
            except children.Unavailable as reason:
                result["skipped"][runtime] = str(reason)
            except children.TookTooLong as failure:
                cut = limit < workload.seconds  # not its fault
                result["skipped" if cut else "failed"][runtime] = "the time was up" if cut else str(failure)
            except children.Failed as failure:
                result["failed"][runtime] = str(failure)
            self._progress.took((workload.name, case.title, runtime), time.monotonic() - begun)


def with_less(arguments, quick):
    """The arguments, with those of `quick` in the place of the same option: a program refuses one that is given twice."""
    pairs = dict(zip(arguments[::2], arguments[1::2]))
    pairs.update(zip(quick[::2], quick[1::2]))
    return [word for pair in pairs.items() for word in pair]


def evaluate(workload, result):
    """Fills in summaries and verdicts of those that did the same work in every round."""
    for runtime, runs in result["runs"].items():
        if runtime not in result["failed"]:
            result["summary"][runtime] = {key: samples.summary([run[key] for run in runs]) for key in runs[0]}
    _compare_counts(workload, result)
    for runtime in result["summary"]:
        if runtime in ("corun", *catalogue.ASIDES) or "corun" not in result["summary"]:
            continue
        verdicts = {key: samples.verdict(*([run[key] for run in result["runs"][name]] for name in ("corun", runtime)))
                    for key in workload.columns}
        result["verdicts"][runtime] = {key: verdict for key, verdict in verdicts.items() if verdict}


def _compare_counts(workload, result):
    """Programs that did different work are not compared."""
    for count in workload.same:
        reference = result["summary"].get("corun", {}).get(count)
        for runtime in [name for name, summary in result["summary"].items() if summary[count] != reference]:
            if reference is not None:
                counted = result["summary"].pop(runtime)[count]
                result["failed"][runtime] = f"{count}={counted['median']:g}, corun {reference['median']:g}"
