"""How each runtime's program is called, why it cannot be, and what it printed."""

import contextlib
import json
import os
import pathlib
import shutil
import sys

from . import catalogue, children, machine

SOURCES = pathlib.Path(__file__).parent.parent
PYTHON = {"gevent": "import gevent", "asyncio": "from asyncio import TaskGroup, timeout"}
MISSING = {"go": "it has not been built: is golang-go installed?", "io_uring": "it has not been built: is liburing-dev installed?"}
TOOLS = os.environ.get("PATH", "") + ":/usr/sbin"  # where nginx is, which is not in everybody's PATH
PACKAGES = {"gevent": "python3-gevent is not installed", "asyncio": "this needs Python 3.11"}


OUTSIDE = ("go", *PYTHON)  # other languages: programs of their own also where C++ has a benchmark
NGINX = ["/usr/bin/python3", "-B", SOURCES / "peers" / "http_nginx.py"]


def by_benchmark(workload, runtime):
    return bool(workload.benchmark) and runtime not in OUTSIDE


class Programs:
    def __init__(self, build_dir):
        self._build = build_dir / "perf"
        self._pythons = {}
        self._processor, self.server_processor = machine.processors()

    @property
    def preload(self):
        return self._build / "count_allocations.so"

    def command(self, workload, runtime, arguments=(), parameter=""):
        program = self._program(workload, runtime)
        if by_benchmark(workload, runtime):
            name = "/".join(filter(None, (workload.name, runtime, parameter)))
            chosen = f"--benchmark_filter=^{name}(/iterations:[0-9]+)?(/real_time)?$"
            return [*program, "--benchmark_format=json", chosen, *arguments]
        if workload.driver:
            own_folder = ["{folder}"] if runtime == "nginx" else []
            return [sys.executable, "-B", SOURCES / "support" / workload.driver, runtime, *arguments, "--", *program, *own_folder]
        return [*program, *arguments]

    def pinned(self, workload, command):
        return on(self._processor, command) if workload.pinned else command

    def _program(self, workload, runtime):
        if by_benchmark(workload, runtime):
            return [self._build / workload.benchmark]
        if runtime == "corun":
            return [self._build / workload.program]
        if runtime == "nginx":
            return NGINX
        if runtime in PYTHON:
            return [self._python(runtime), "-B", SOURCES / "peers" / f"{workload.program}_{runtime}.py"]
        return [self._build / f"{workload.program}_{runtime}"]

    def _python(self, runtime):
        """An interpreter that can: the system's, for which packages are, or the one that runs this."""
        if runtime not in self._pythons:
            self._pythons[runtime] = None
            for python in "/usr/bin/python3", sys.executable:
                with contextlib.suppress(children.Failed):
                    children.output([python, "-c", PYTHON[runtime]], 30)
                    self._pythons[runtime] = python
                    break
        return self._pythons[runtime]

    def why_not(self, workload, case, runtime):
        """Why a runtime cannot take part, or None."""
        if reason := case.slow.get(runtime):
            return reason
        for tool in (*workload.tools, *(["nginx"] if runtime == "nginx" else [])):
            if shutil.which(tool, path=TOOLS) is None:
                return f"{tool} is not installed"
        program = self._program(workload, runtime)
        if program[0] is None:
            return PACKAGES[runtime]
        if not pathlib.Path(program[-1]).exists():
            return MISSING.get(runtime, f"{pathlib.Path(program[-1]).name} has not been built")
        needed, there = case.needs_bytes.get(runtime, 0), available_bytes()
        if needed > there:
            return f"needs {needed / catalogue.GIB:.0f} GiB of memory, and {there / catalogue.GIB:.1f} are free"
        return None


def on(processor, command):
    return command if processor is None else ["taskset", "-c", processor, *command]


def fields(output, workload, runtime):
    """The numbers that a program printed."""
    if by_benchmark(workload, runtime):
        return _benchmark(output, workload)
    words = output.split()
    if words[:2] != [workload.program, runtime]:
        raise children.Failed(f"printed {output.strip()!r}")
    try:
        return {key: float(value) for key, _, value in (word.partition("=") for word in words[2:])}
    except ValueError:
        raise children.Failed(f"printed {output.strip()!r}") from None


def _benchmark(output, workload):
    try:
        (run,) = json.loads(output)["benchmarks"]
    except (ValueError, KeyError):
        raise children.Failed(f"{workload.benchmark} printed something else than one benchmark") from None
    if run.get("error_occurred"):
        raise children.Failed(run["error_message"])
    return {"op_ns": run["real_time"], "op_cpu_ns": run["cpu_time"], "operations": run["iterations"]}


def available_bytes():
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return float("inf")
