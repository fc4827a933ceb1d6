"""What one operation costs as something grows, and whether that grows with it.

Time alone cannot tell a scan of a list from caches that are too small for a million stacks. So where corun's time grows too much,
its instructions are counted at two sizes: if they do not grow as well, it is memory that is slow, and not work that is more."""

import os
import statistics
import time

from . import catalogue, children, counts, programs, samples

SUPERLINEAR = 0.25  # cost of one ~ size^p: caches and logarithms stay below, a scan of a list is 1
WORK_SIZES = 1000, 10_000
JUDGED_FROM = 1000  # below, what a program does once is in the way
SIZES = {"quick": (1, 100, 10_000), "": (1, 10, 100, 1000, 10_000, 100_000), "full": (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)}
ROUNDS = 3
LARGEST_ROUNDS = 1  # of what takes a million of something
STAGE = "scaling"  # of what is planned
ROOM = 10 << 10  # bytes that a fiber with its stack may take


class Curves:
    def __init__(self, found, options, progress):
        self._programs = found
        self._options = options
        self._progress = progress
        self._counter = counts.Counter(found, progress)
        self._runs = {}  # by command: one program may tell several curves

    def plan(self, curve):
        for runtime in self._runtimes(curve):
            for size in self._sizes(curve):
                self._progress.plan((STAGE, curve.grows, runtime, size), rounds_of(size))

    def run(self, curve):
        """A dictionary as described in report.py."""
        workload = counts.workload_called(curve.workload)
        sizes = self._sizes(curve)
        result = {"workload": curve.workload, "grows": curve.grows, "unit": curve.unit, "points": {}, "slope": {},
                  "superlinear": [], "work_slope": {}, "skipped": {}, "failed": {}}
        for runtime in self._runtimes(curve):
            for size in sizes:
                case = catalogue.Case(str(size), needs_bytes={runtime: size * ROOM})
                reason = "the time was up" if self._progress.late() else self._programs.why_not(workload, case, runtime)
                if reason:
                    result["skipped"][runtime] = f"{reason} ({size:,})"
                    break
                try:
                    result["points"].setdefault(runtime, []).append(self._point(curve, workload, runtime, size))
                except children.Unavailable as missing:
                    result["skipped"][runtime] = f"{missing} ({size:,})"
                    break
                except children.Failed as failure:
                    result["failed"][runtime] = f"{size:,}: {failure}"
                    break
        judge(result)
        if "corun" in result["superlinear"]:
            self._look_at_work(curve, workload, result)
        return result

    def _look_at_work(self, curve, workload, result):
        if not (workload.benchmark or any("{work}" in word for word in curve.arguments)) or self._progress.late():
            return
        self._progress.say(f"scaling, {curve.grows}: counting instructions")
        try:
            points = [(size, self._counter.instructions(curve, workload, size)) for size in WORK_SIZES]
        except (children.Failed, OSError):  # no valgrind: time alone has to do
            return
        result["work_slope"]["corun"] = samples.slope(points)
        if result["work_slope"]["corun"] <= SUPERLINEAR:
            result["superlinear"].remove("corun")

    def _sizes(self, curve):
        return [size for size in SIZES[self._options.mode] if size <= curve.largest]

    def _runtimes(self, curve):
        if self._options.mode == "quick":
            return ["corun"]
        return [name for name in curve.runtimes if name == "corun" or not self._options.peers or name in self._options.peers]

    def _point(self, curve, workload, runtime, size):
        work = max(size * curve.times, curve.least_work)
        if self._options.mode == "quick":
            work = max(size * curve.times, curve.least_work // 5)
        words = {"size": size, "work": work, "rounds": max(1, work // size)}
        arguments = [word.format(**words) for word in curve.arguments]
        if workload.benchmark:
            arguments.append("--benchmark_min_time=" + ("0.01" if self._options.mode == "quick" else "0.05"))
        command = self._programs.pinned(
            workload, self._programs.command(workload, runtime, arguments,
                                             curve.parameter.format(**words) if workload.benchmark else ""))
        key = tuple(map(str, (*command, size)))
        if key not in self._runs:
            self._runs[key] = [self._once(curve, workload, runtime, size, command, number + 1)
                               for number in range(rounds_of(size))]
        values = [run[curve.metric] * (curve.divide / size if curve.divide else 1) for run in self._runs[key]]
        return {"size": size, "median": statistics.median(values), "min": min(values), "max": max(values)}

    def _once(self, curve, workload, runtime, size, command, number):
        self._progress.say(f"scaling, {curve.grows}: {size:,}, {runtime}, round {number}")
        begun = time.monotonic()
        output = children.output(command, self._progress.at_most(workload.seconds), env=dict(os.environ, CORUN_PERF_SIZE=str(size)))
        self._progress.took((STAGE, curve.grows, runtime, size), time.monotonic() - begun)
        return programs.fields(output, workload, runtime)


def rounds_of(size):
    return ROUNDS if size < 1_000_000 else LARGEST_ROUNDS


def judge(result):
    """The smallest of each size is used: what disturbs a run makes it slower, never faster."""
    for runtime, points in result["points"].items():
        judged = [(point["size"], point["min"]) for point in points if point["size"] >= JUDGED_FROM]
        result["slope"][runtime] = slope = samples.slope(judged)
        if slope is not None and slope > SUPERLINEAR:
            result["superlinear"].append(runtime)
