"""What an operation takes, counted: instructions under callgrind, allocations, system calls. The same on a busy machine as on a
quiet one, and so what a change can be judged by."""

import os
import pathlib
import re
import shutil
import tempfile
import time

from . import catalogue, children, programs

SECONDS = 300
STAGE = "counting"  # of what is planned
TOOLS = {"instructions": "valgrind", "system_calls": "strace"}
UNITS = {kind: kind.replace("_", " ") for kind in ("instructions", "allocations", "system_calls", "resident_bytes")}


def plan(counted, runtimes, progress):
    for runtime in runtimes:
        for kind in counted.kinds:
            progress.plan((STAGE, counted.title, runtime, kind), 1)


def nothing_yet(counted):
    """{"workload", "title", "guarded", "counts": {runtime: {kind: of one operation}}, "skipped": {runtime or kind: why},
    "failed": {runtime: why}}"""
    told = {"workload": counted.workload, "title": counted.title, "guarded": counted.guarded}
    return {**told, "counts": {}, "skipped": {}, "failed": {}}


class Counter:
    def __init__(self, found, progress):
        self._programs = found
        self._progress = progress

    def count(self, counted, runtimes, result):
        """Adds what these take to a result as `nothing_yet` gives it."""
        workload = workload_called(counted.workload)
        for runtime in counted.runtimes:
            if runtime not in runtimes:
                continue
            if reason := self._programs.why_not(workload, catalogue.Case(counted.title), runtime):
                result["failed" if runtime == "corun" else "skipped"][runtime] = reason
                continue
            for kind in counted.kinds:
                if (tool := TOOLS.get(kind)) and shutil.which(tool) is None:
                    result["skipped"][UNITS[kind]] = f"{tool} is not installed"
                    continue
                if self._progress.late():
                    result["skipped"]["—"] = "the time was up before all was counted"
                    continue
                self._progress.say(f"counting: {counted.title}, {UNITS[kind]}, {runtime}")
                begun = time.monotonic()
                try:
                    result["counts"].setdefault(runtime, {})[kind] = self._of_one(counted, workload, runtime, kind)
                except children.Failed as failure:
                    result["failed"][runtime] = f"{UNITS[kind]}: {failure}"
                self._progress.took((STAGE, counted.title, runtime, kind), time.monotonic() - begun)

    def instructions(self, curve, workload, size):
        """Of one operation of corun's at a size of a curve."""
        operations = 2 * size, 4 * size
        words = [{"size": size, "work": each, "rounds": each // size} for each in operations]
        small, large = self._run([(catalogue.Counted(
            curve.workload, curve.grows, 0, 0, arguments=tuple(word.format(**each) for word in curve.arguments),
            option="", parameter=curve.parameter.format(**each)), workload, "corun", "instructions", each["work"], str(size))
            for each in words])
        return max(1, large - small) / (operations[1] - operations[0])

    def _of_one(self, counted, workload, runtime, kind):
        if counted.field:
            command = self._programs.command(workload, runtime, ("--fibers", str(counted.large)))
            return programs.fields(children.output(command, SECONDS), workload, runtime)[counted.field]
        runs = [(counted, workload, runtime, kind, number) for number in (counted.small, counted.large)]
        small, large = [self._run([each])[0] for each in runs] if counted.alone else self._run(runs)
        return round(max(0, large - small) / (counted.large - counted.small) / counted.each, 4)

    def _run(self, runs):
        """What each of the runs takes, which go on at the same time: what is counted does not depend on it."""
        with tempfile.TemporaryDirectory(prefix="corun-perf-") as folder:
            prepared = [self._prepared(pathlib.Path(folder) / str(number), *each) for number, each in enumerate(runs)]
            commands = [(command, {"env": environment}) for command, environment, _ in prepared]
            children.outputs(commands, self._progress.at_most(SECONDS))
            return [told() for _, _, told in prepared]

    def _prepared(self, log, counted, workload, runtime, kind, operations, size=""):
        """(command, environment, what reads the figure from the log)"""
        environment = dict(os.environ, CORUN_PERF_COUNTED="1", **({"CORUN_PERF_SIZE": size} if size else {}))
        arguments = counted.arguments
        if workload.benchmark:
            environment["CORUN_PERF_ITERATIONS"] = str(operations)
        elif counted.option:
            arguments = (*arguments, counted.option, str(operations))
        command = self._programs.command(workload, runtime, arguments, counted.parameter)
        command, pattern = instrumented(kind, command, log, environment, self._programs.preload)
        return command, environment, lambda: read(log, pattern, kind)


def instrumented(kind, command, log, environment, preload):
    """The command with the tool around it, and what to look for in the log."""
    if kind == "instructions":
        tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log}"]
        return [*tool, *command], r"Collected\s*:\s*(\d+)"
    if kind == "system_calls":  # of the program alone: its load is a process of its own, and what it counts has one thread
        return ["strace", "-c", "-U", "calls,name", "-o", log, *command], r"^\s*(\d+)\s+total$"
    if not preload.exists():
        raise children.Failed(f"{preload.name} has not been built")
    environment.update(LD_PRELOAD=str(preload), CORUN_PERF_ALLOCATIONS=str(log))
    return command, r"^(\d+)"


def read(log, pattern, kind):
    found = re.search(pattern, log.read_text(errors="replace") if log.exists() else "", re.MULTILINE)
    if not found:
        raise children.Failed(f"{TOOLS.get(kind, 'the preloaded library')} told no figure")
    return int(found[1])


def workload_called(name):
    return next(each for each in catalogue.WORKLOADS if each.name == name)
