"""The kinds of entries of the catalogue."""

import dataclasses

GIB = 1 << 30
PER_OPERATION = "op_ns", "op_cpu_ns", "rss_kib"
BOTH = "op_ns", "op_cpu_ns"


@dataclasses.dataclass(frozen=True)
class Case:
    title: str
    arguments: tuple = ()
    quick: tuple = ()  # with --quick these take the place of the same options: less of the same work
    modes: tuple = ("quick", "", "full")  # where it is measured
    weight: int = 1  # how many times the usual part of the time it needs for five rounds
    needs_bytes: dict = dataclasses.field(default_factory=dict)  # memory by runtime, where it is a lot
    parameter: str = ""  # of a benchmark, as in NAME/RUNTIME/PARAMETER
    slow: dict = dataclasses.field(default_factory=dict)  # {runtime: why it does not take part in this case}


@dataclasses.dataclass(frozen=True)
class Workload:
    """One program per runtime that prints a line: NAME for corun, peers/NAME_RUNTIME for the others. With `benchmark`, one program
    of that name for all that are written in C++, by Google Benchmark, whose benchmarks are called NAME/RUNTIME[/PARAMETER]. With
    `driver`, programs that are servers, and a script of support/ that starts one, loads it and prints the line."""

    name: str
    meaning: str
    runtimes: tuple
    cases: tuple
    columns: tuple = ("wall_s", "cpu_s", "rss_kib")  # of the table
    drawn: str = ""  # the column whose bars are drawn; without: CPU time, which depends least on what else the machine does
    same: tuple = ()  # counts that must not differ between runtimes
    absent: dict = dataclasses.field(default_factory=dict)  # {runtime: why there can be no such peer}
    remarks: dict = dataclasses.field(default_factory=dict)  # {a case's title: what has to be known to read its figures}
    stem: str = ""  # of the programs' names; without: the workload's name
    benchmark: str = ""
    times: int = 1  # as long as a benchmark usually runs: where threads meet, a short run is luck
    driver: str = ""
    tools: tuple = ()  # programs of the system without which nothing of it can be measured
    needs_server: bool = False
    needs_folder: bool = False
    pinned: bool = True  # by the runner, to one processor; servers and their loads do so by themselves
    seconds: int = 120  # the longest that one run may take

    @property
    def program(self):
        return self.stem or self.name


@dataclasses.dataclass(frozen=True)
class Curve:
    """The cost of one operation while something grows. {size} in the arguments is its number, {work} that of the operations."""

    workload: str
    grows: str
    arguments: tuple = ()
    parameter: str = "{size}"  # of a benchmark
    metric: str = "op_cpu_ns"
    divide: float = 0  # metric × divide ÷ size is the cost of one; 0: the metric is that already
    unit: str = "ns CPU"
    runtimes: tuple = ("corun",)
    largest: int = 1_000_000
    times: int = 1  # operations for each of the size, at least
    least_work: int = 100_000


@dataclasses.dataclass(frozen=True)
class Counted:
    """What a run takes, counted: that of `large` operations less that of `small`, so that what a program does once is left out."""

    workload: str
    title: str
    small: int
    large: int
    arguments: tuple = ()
    option: str = "--operations"  # that says how many
    each: int = 1  # operations for one of the option's number
    parameter: str = ""
    runtimes: tuple = ("corun",)
    kinds: tuple = ("instructions", "allocations", "system_calls")
    field: str = ""  # instead of counting: what the program itself tells of one operation
    guarded: bool = True  # is compared with the baseline; not where the count is another one each time
    alone: bool = False  # what it counts depends on a load, which its two runs would disturb for each other


def operations(name, meaning, runtimes, title, arguments=(), quick="100000", **more):
    """A workload of support/operations.hpp with one case."""
    case = Case(title, arguments, quick=("--operations", quick))
    return Workload(name, meaning, runtimes, (case,), columns=PER_OPERATION, **more)


def repeated(size, parameter="", title="", quick="200000", count="1000000", **more):
    """A case of a benchmark; what is no C++ repeats its operation as often as it is told."""
    return Case(title, ("--operations", count, "--size", str(size)), quick=("--operations", quick), parameter=parameter, **more)
