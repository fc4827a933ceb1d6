#!/usr/bin/env python3
"""Runs the performance suite and shows what it measured; `./dev perf` builds first and then calls this."""

import datetime
import signal
import sys

from suite import (baseline, catalogue, children, compare, counts, curves, document, goals, machine, page, programs, progress,
                   report, rounds, tables)
from suite.options import parse

BUDGET = {"quick": 165, "": 1200, "full": 2250}  # seconds; --quick promises three minutes, --full forty
COUNTS = 0.2  # the part of the time that counting may take
CURVE = 4  # how much time a curve gets, as a case with so many runtimes


class Suite:
    def __init__(self, options):
        self.options = options
        self.progress = progress.Progress(None if options.counts_only else BUDGET[options.mode])
        self.programs = programs.Programs(options.build_dir)
        server = options.web_server or options.build_dir / "docs/examples/web_server"
        self.runner = rounds.Runner(self.programs, server, options, self.progress)
        self.results, self.counts, self.curves, self.broken = [], [], [], {}

    def show(self, lines):
        self.progress.say("")
        print(*lines, "", sep="\n", flush=True)

    def plan(self):
        """Says what is to come, so that the time left is known from the first program on."""
        self.chosen = [each for each in catalogue.WORKLOADS if each.name in self.options.names]
        self.scaling = [each for each in catalogue.CURVES if each.workload in self.options.names]
        self.counted = [each for each in catalogue.COUNTED
                        if each.workload in self.options.names and (each.guarded or not self.options.counts_only)]
        self.curve_runner = curves.Curves(self.programs, self.options, self.progress)
        if self.options.counts_only:
            return
        self.runner.plan(self.chosen, 0 if self.options.check else CURVE * len(self.scaling))
        if not self.options.check:
            for counted, runtimes, _ in self.passes():
                counts.plan(counted, runtimes, self.progress)
            for curve in self.scaling:
                self.curve_runner.plan(curve)

    def workloads(self):
        for workload in self.chosen:
            try:
                for result in self.runner.run(workload):
                    self.results.append(result)
                    if not self.options.check:
                        self.show(tables.workload(result))
            except children.Failed as failure:
                self.broken[workload.name] = str(failure)
                self.show([f"{workload.name} not measured: {failure}"])
            self.progress.done_with(workload.name)

    def passes(self):
        """What is counted of whom, and the place of the result: corun's own first, which is what goals are set for."""
        few = self.options.mode == "quick" or self.options.counts_only
        for of_corun in (True,) if few else (True, False):
            for number, counted in enumerate(self.counted):
                yield counted, [runtime for runtime in counted.runtimes if runtime.startswith("corun") == of_corun
                                and (of_corun or runtime in (self.options.peers or counted.runtimes))], number

    def count(self):
        counter = counts.Counter(self.programs, self.progress)
        self.progress.share(COUNTS, 1)
        self.counts = [counts.nothing_yet(each) for each in self.counted]
        for counted, runtimes, number in self.passes():
            counter.count(counted, runtimes, self.counts[number])
        self.progress.done_with(counts.STAGE)
        if self.counts:
            self.show(tables.counts(self.counts))

    def scale(self):
        for number, curve in enumerate(self.scaling):
            self.progress.share(1, len(self.scaling) - number)
            self.curves.append(self.curve_runner.run(curve))
            self.progress.done_with(curves.STAGE, curve.grows)
            self.show(tables.curve(self.curves[-1]))

    def whole(self, busy):
        options = {key: getattr(self.options, key) for key in ("mode", "rounds", "peers", "names")}
        whole = {"when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                 "seconds": round(self.progress.elapsed()), "machine": machine.describe(self.options.build_dir), "busy": busy,
                 "options": options, "results": self.results, "counts": self.counts, "curves": self.curves,
                 "broken": self.broken}
        return {**whole, "goals": goals.evaluate(whole)}

    def failed(self):
        return bool(self.broken) or any(result["failed"] for result in self.results + self.counts + self.curves)


def guard(suite):
    """Counts alone: compared with the committed ones, or put in their place."""
    suite.count()
    build = machine.build(suite.options.build_dir)
    if suite.options.accept_counts:
        found = baseline.of_corun(suite.counts)
        if suite.failed() or any(result["skipped"] for result in suite.counts):
            print("perf: not everything could be counted; the baseline stays as it is", file=sys.stderr)
            return 1
        baseline.accept(build, found, baseline.PATH)
        print(f"baseline: {baseline.PATH}")
        return 0
    status, lines = baseline.check(build, suite.counts, baseline.PATH)
    print(*lines, sep="\n")
    return status


def check(suite):
    """Each program once: none of them may rot unseen between two measurements."""
    suite.workloads()
    failures = [f"{result['workload']}, {result['case']}, {runtime}: {why}"
                for result in suite.results for runtime, why in result["failed"].items()]
    failures += [f"{workload}: {why}" for workload, why in suite.broken.items()]
    ran = sum(len(result["runs"]) for result in suite.results)
    print(*failures, f"{ran} programs did their work, {len(failures)} failed", sep="\n")
    return 1 if failures else 0


def stop(*_):
    raise KeyboardInterrupt


def main():
    options = parse()
    signal.signal(signal.SIGTERM, stop)  # ends the children and removes folders on the way out, as ctrl-C does
    old = report.read(options.compare) if options.compare else None
    if not (options.write_docs or options.counts_only or options.check):
        report.check_place(options.report)
    if options.only_check_arguments:
        return 0
    if options.write_docs:
        document.write(report.read(options.write_docs))
        print(f"results of {options.write_docs}: {document.PATH}")
        return 0
    suite = Suite(options)
    suite.plan()
    if options.counts_only:
        return guard(suite)
    if options.check:
        return check(suite)
    load = machine.Load()
    suite.count()
    suite.workloads()
    suite.scale()
    whole = suite.whole(load.since())
    if whole["goals"]:
        suite.show(tables.goals(whole["goals"]))
    report.write(options.report, whole)
    drawn = options.report.with_suffix(".html")
    report.write_text(drawn, page.whole(whole))
    changes = compare.changes(old, whole) if old else []
    if old:
        suite.show(compare.lines(changes, old, whole))
    print(f"report: {options.report}\n        {drawn}")
    if suite.failed():
        return 1
    return 3 if any(change["verdict"] == "slower" for change in changes) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (report.Unreadable, report.Unwritable, document.Unwritable) as unusable:
        sys.exit(f"./dev perf: {unusable}")
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        sys.exit("perf: interrupted")
