"""What the Python peers share: the command line, what a run cost, and the line that says so."""

import argparse
import os
import resource
import sys
import time


class Failure(Exception):
    """The work was not done, or was not done as it should have been."""


class Stopwatch:
    """Measures from its construction on, so that the interpreter's start is charged to nobody."""

    def __init__(self):
        self._wall, self._cpu = self._read()

    def elapsed(self):
        wall, cpu = self._read()
        return {"wall_s": f"{wall - self._wall:.4f}", "cpu_s": f"{cpu - self._cpu:.4f}"}

    @staticmethod
    def _read():
        use = resource.getrusage(resource.RUSAGE_SELF)
        return time.monotonic(), use.ru_utime + use.ru_stime


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (--help lists the options)\n")


def arguments(title, **defaults):
    """Options named after the defaults' keys, of the defaults' types; counts must be positive, unless 0 is the default."""
    parser = _OneLineParser(description=title)
    for name, default in defaults.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    given = parser.parse_args()
    for name, default in defaults.items():
        if isinstance(default, int) and default and getattr(given, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be positive")
    return given


def sleeps(given):
    """How many seconds each task of concurrent_task sleeps, by the numbers of concurrent_task.hpp."""
    for i in range(given.tasks):
        yield given.sleep_ms / 1000 * (i * 48_271 % 65_537 / 65_537 if given.random else 1)


def check(holds, otherwise):
    if not holds:
        raise Failure(otherwise)


def max_resident_kib():
    """The most memory that the program has had resident; getrusage would count what started it as well."""
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def report(workload, runtime, spent, resident_kib=None, **counts):
    """Prints the line; of this process, unless another's resident memory is given."""
    fields = {**counts, **spent, "rss_kib": max_resident_kib() if resident_kib is None else resident_kib}
    print(workload, runtime, *(f"{key}={value}" for key, value in fields.items()), flush=True)


def program(workload, body):
    """Runs a program's body and turns whatever leaves it into one line on stderr and an exit status."""
    try:
        body()
    except KeyboardInterrupt:
        sys.exit(f"{workload}: interrupted")
    except OSError as error:
        # What could not be written is not written again, and does not decide the status, when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        where = f" ({error.filename})" if error.filename else ""
        sys.exit(f"{workload}: {error.strerror or error}{where}")
    except Failure as failure:
        sys.exit(f"{workload}: {failure}")


def operations(workload, runtime, run, **defaults):
    """The frame of a program that repeats an operation; `run(count, size, ...)`, with all that the defaults name, returns how many
    it has done."""
    given = arguments(f"{workload}: nanoseconds are those of one operation", **defaults)
    watch = Stopwatch()
    done = run(*(getattr(given, name) for name in defaults))
    spent = watch.elapsed()
    check(done == given.operations, f"{done} of {given.operations} operations done")
    each = 1e9 / given.operations
    report(workload, runtime, spent, operations=given.operations, size=given.size, done=done, sum=0,
           op_ns=f"{float(spent['wall_s']) * each:.1f}", op_cpu_ns=f"{float(spent['cpu_s']) * each:.1f}")
