"""Runs the workloads: the runtimes alternate within each round, so that a noisy minute hits all of them."""

import contextlib
import pathlib
import statistics
import sys
import tempfile

from . import catalogue, children

SOURCES = pathlib.Path(__file__).parent.parent


class Runner:
    def __init__(self, build_dir, server, rounds, peers, say):
        self._build = build_dir
        self._server = server
        self._rounds = rounds
        self._peers = peers
        self._say = say
        self._python = None

    def run(self, workload):
        """The workload's cases, each a dictionary as described in report.py."""
        with contextlib.ExitStack() as around:
            extra = []
            if workload.needs_server:
                extra += ["--port", around.enter_context(children.web_server(self._server))]
            if workload.needs_folder:
                # The programs remove what they make; this covers those that are killed.
                extra += ["--folder", around.enter_context(tempfile.TemporaryDirectory(prefix="corun-perf-"))]
            return [self._run_case(workload, case, extra) for case in workload.cases]

    def _run_case(self, workload, case, extra):
        result = {"workload": workload.name, "meaning": workload.meaning, "case": case.title,
                  "columns": workload.columns, "runs": {}, "median": {}, "skipped": {}, "failed": {}}
        commands = {}
        for runtime in workload.runtimes:
            if runtime != "corun" and self._peers and runtime not in self._peers:
                continue
            if reason := self._why_not(workload, case, runtime):
                result["failed" if runtime == "corun" else "skipped"][runtime] = reason
            else:
                commands[runtime] = [*self._program(workload, runtime), *case.arguments, *extra]
        rounds = min(self._rounds, case.rounds or self._rounds)
        for number in range(rounds):
            self._round(workload, case, commands, number, rounds, result)
        for runtime, runs in result["runs"].items():
            if runtime not in result["failed"]:
                result["median"][runtime] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        self._compare_counts(workload, result)
        return result

    def _round(self, workload, case, commands, number, rounds, result):
        runtimes = [runtime for runtime in commands if runtime not in result["failed"]]
        first = number % len(runtimes) if runtimes else 0  # nobody is always the one after a certain other
        for runtime in runtimes[first:] + runtimes[:first]:
            self._say(f"{workload.name}, {case.title}: round {number + 1} of {rounds}, {runtime}")
            try:
                run = fields(children.output(commands[runtime], workload.seconds), workload.name, runtime)
                result["runs"].setdefault(runtime, []).append(run)
            except children.Failed as failure:
                result["failed"][runtime] = str(failure)

    def _program(self, workload, runtime):
        if runtime == "corun":
            return [self._build / "perf" / workload.name]
        if runtime == "gevent":
            return [self._python, "-B", SOURCES / "peers" / f"{workload.name}_gevent.py"]
        return [self._build / "perf" / f"{workload.name}_{runtime}"]

    def _why_not(self, workload, case, runtime):
        """Why a runtime cannot take part, or None."""
        if runtime == "gevent":
            self._python = self._python or python_with_gevent()
            return None if self._python else "python3-gevent is not installed"
        program = self._program(workload, runtime)[0]
        if not program.exists():
            return f"{program.name} has not been built"
        needed, there = case.needs_bytes.get(runtime, 0), available_bytes()
        if needed > there:
            return f"needs {needed / catalogue.GIB:.0f} GiB of memory, and {there / catalogue.GIB:.1f} are free"
        return None

    @staticmethod
    def _compare_counts(workload, result):
        """Programs that did different work are not compared."""
        for count in workload.same:
            reference = result["median"].get("corun", {}).get(count)
            for runtime in [name for name, median in result["median"].items() if median[count] != reference]:
                if reference is not None:
                    result["failed"][runtime] = f"{count}={result['median'].pop(runtime)[count]:g}, corun {reference:g}"


def fields(output, workload, runtime):
    """The numbers of a program's one line."""
    words = output.split()
    if words[:2] != [workload, runtime]:
        raise children.Failed(f"printed {output.strip()!r}")
    return {key: float(value) for key, _, value in (word.partition("=") for word in words[2:])}


def python_with_gevent():
    """An interpreter that has gevent: the system's, for which it is packaged, or the one that runs this."""
    for python in "/usr/bin/python3", sys.executable:
        with contextlib.suppress(children.Failed):
            children.output([python, "-c", "import gevent"], 30)
            return python
    return None


def available_bytes():
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return float("inf")
