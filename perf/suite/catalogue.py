"""What is measured. A new workload is an entry here, a program perf/NAME.cpp and its peers perf/peers/NAME_RUNTIME.*; the runner,
the tables and the charts take it from there."""

import dataclasses

GIB = 1 << 30
ASIO = "awaitable", "asio_spawn"
FIBERS = "awaitable", "asio_spawn", "boost_fiber"


@dataclasses.dataclass(frozen=True)
class Case:
    title: str
    arguments: tuple = ()
    quick: tuple = ()  # arguments that come after them with --quick, for less of the same work; the last of two alike counts
    modes: tuple = ("quick", "", "full")  # where it is measured
    rounds: int | None = None  # None: as many as the user asks for
    needs_bytes: dict = dataclasses.field(default_factory=dict)  # memory by runtime, where it is a lot
    parameter: str = ""  # of a benchmark, as in NAME/RUNTIME/PARAMETER
    slow: dict = dataclasses.field(default_factory=dict)  # {runtime: why it does not take part in this case}


@dataclasses.dataclass(frozen=True)
class Workload:
    """One program per runtime that prints a line: NAME for corun, peers/NAME_RUNTIME for the others. Or, with `benchmark`, one program
    of that name for all of them, by Google Benchmark, whose benchmarks are called NAME/RUNTIME[/PARAMETER]."""

    name: str
    meaning: str
    runtimes: tuple
    cases: tuple
    columns: tuple = ("wall_s", "cpu_s", "rss_kib")  # of the table; the first two are drawn
    same: tuple = ()  # counts that must not differ between runtimes
    absent: dict = dataclasses.field(default_factory=dict)  # {runtime: why there can be no such peer}
    benchmark: str = ""
    needs_server: bool = False
    needs_folder: bool = False
    pinned: bool = True  # to one processor, so that what a runtime does on one thread is compared
    seconds: int = 120  # the longest that one run may take


ONLY_TWO = {"jump_fcontext": "is a bare switch, and has no ring"}
PER_OPERATION = ("op_ns", "op_cpu_ns", "rss_kib")
BOTH = "op_ns", "op_cpu_ns"


def operations(name, meaning, runtimes, title, arguments=(), quick="100000", slow=None, **more):
    """A workload of support/operations.hpp with one case."""
    case = Case(title, arguments, quick=("--operations", quick), slow=slow or {})
    return Workload(name, meaning, runtimes, (case,), columns=PER_OPERATION, **more)


WORKLOADS = (
    Workload(
        "yield", "one yield in a ring of fibers that do nothing else",
        ("corun", *FIBERS, "jump_fcontext", "asio_spawn_no_io", "awaitable_no_io"),
        (Case("2 fibers", parameter="2"), Case("1000 fibers", parameter="1000", slow=ONLY_TWO),
         Case("10,000 fibers", parameter="10000", slow=ONLY_TWO)),
        columns=BOTH, benchmark="yield"),
    Workload(
        "spawn_join", "one fiber started and joined, one at a time",
        ("corun", *FIBERS, "asio_spawn_no_io", "awaitable_no_io", "boost_fiber_inline", "asio_spawn_inline"),
        (Case("one at a time"),), columns=BOTH, benchmark="spawn_join"),
    operations("spawn_batch", "fibers spawned in batches, and all of a batch joined; the figures are those of one fiber",
               ("corun", *FIBERS, "go", "asyncio"), "batches of 1000"),
    Workload(
        "skynet", "a tree of fibers, ten children each, sums up its leaves; the figures are those of one leaf",
        ("corun", *FIBERS, "go"),
        (Case("100,000 leaves", ("--operations", "100000"), modes=("quick",)),
         Case("1,000,000 leaves", modes=("", "full"), needs_bytes={"boost_fiber": 6 * GIB})),
        columns=PER_OPERATION, same=("sum",)),
    operations("cancel", "fibers that sleep are cancelled and joined; the figures are those of one, spawn included",
               ("corun", *ASIO, "go", "asyncio"), "1000 at once", absent={"boost_fiber": "has no cancellation"}),
    operations("timeout", "a timeout of an hour around one yield",
               ("corun", *ASIO, "go", "asyncio"), "100 fibers",
               absent={"boost_fiber": "has timeouts of single waits, and none around a yield"}),
    operations("exception", "throw, catch, yield", ("corun", *FIBERS), "100 fibers", quick="50000"),
    Workload(
        "concurrent_task", "tasks sleep for a second and count",
        ("corun", *FIBERS, "thread", "go", "gevent", "asyncio"),
        (Case("10,000 tasks", quick=("--sleep-ms", "250")),
         Case("100,000 tasks, random times", ("--tasks", "100000", "--random", "1"), modes=("full",),
              slow={"thread": "the system grants fewer threads"}, needs_bytes={"boost_fiber": 2 * GIB, "asio_spawn": GIB})),
        same=("counted",)),
    Workload(
        "channel", "values over channels: a round trip over two of capacity 0, or a stream through one of capacity 1024",
        ("corun", *FIBERS, "jump_fcontext"),
        (Case("ping-pong", parameter="ping_pong"),
         Case("stream", parameter="stream", slow={"jump_fcontext": "passes no values"})),
        columns=BOTH, benchmark="channel"),
    Workload(
        "mutex", "a critical section with a yield in it", ("corun", *FIBERS, "corun_concurrent"),
        (Case("10 fibers"),), columns=BOTH, benchmark="mutex"),
    Workload(
        "select", "a value received", ("corun",),
        (Case("alone", parameter="plain_receive"), Case("by a select of 8 channels and a timer", parameter="of_8_and_a_timer")),
        columns=BOTH, benchmark="select"),
    Workload(
        "parked", "fibers wait for one event; nanoseconds and bytes are those of one fiber",
        ("corun", *FIBERS),
        (Case("100,000 fibers", ("--fibers", "100000"), needs_bytes={"boost_fiber": 2 * GIB}),
         Case("1,000,000 fibers", ("--fibers", "1000000"), rounds=1, modes=("full",),
              needs_bytes={"corun": 6 * GIB, "asio_spawn": 7 * GIB, "boost_fiber": 11 * GIB})),
        columns=("create_ns", "resident_b", "end_ns", "cpu_s", "rss_kib"), same=("woken",)),
    Workload(
        "io_task", "files are written in blocks of 32 KiB", ("corun", "thread", "gevent"),
        (Case("100 files, 100 writes each", quick=("--writes", "30")),),
        same=("bytes",), needs_folder=True, pinned=False),
    Workload(
        "echo", "64 bytes are sent back, over connections that stay; CPU is the server's",
        ("corun", "raw_epoll", "callbacks", *FIBERS),
        (Case("64 connections, 2000 requests each", ("--connections", "64", "--rounds", "2000")),
         Case("1000 connections, 128 requests each", ("--connections", "1000", "--rounds", "128"), modes=("full",))),
        same=("requests",), pinned=False),
    Workload(
        "url_fetch", "GETs from a web server, a connection each, 100 at a time",
        ("corun", "raw_epoll", *FIBERS, "thread", "gevent"),
        (Case("1000 requests", ("--requests", "1000")), Case("10,000 requests", ("--requests", "10000"), modes=("full",))),
        same=("answered", "bytes"), needs_server=True),
)

# Variants that tell more, but whose figures are no measure of the same work: no verdict is given on them.
ASIDES = {
    "asio_spawn_no_io": "an io_context without a timer or a socket, which never asks the system for events",
    "awaitable_no_io": "an io_context without a timer or a socket, which never asks the system for events",
    "boost_fiber_inline": "the child runs at once, before spawning returns",
    "asio_spawn_inline": "the child runs at once, before spawning returns; nobody waits for anything",
    "corun_concurrent": "the mutex that schedulers and threads may share",
    "jump_fcontext": "the bare switch of two stacks",
}


@dataclasses.dataclass(frozen=True)
class Curve:
    """The cost of one operation while something grows. {size} in the arguments is its number, {work} that of the operations."""

    workload: str
    grows: str
    arguments: tuple = ()
    metric: str = "op_cpu_ns"
    divide: float = 0  # metric × divide ÷ size is the cost of one; 0: the metric is that already
    unit: str = "ns CPU"
    runtimes: tuple = ("corun", *FIBERS)
    largest: int = 1_000_000
    times: int = 1  # operations for each of the size, at least
    least_work: int = 100_000


CURVES = (
    Curve("yield", "fibers that yield"),
    Curve("spawn_batch", "fibers of a batch", ("--size", "{size}", "--operations", "{work}")),
    Curve("cancel", "fibers that are cancelled at once", ("--size", "{size}", "--operations", "{work}"), runtimes=("corun", *ASIO)),
    Curve("timeout", "timeouts under way at once", ("--size", "{size}", "--operations", "{work}"), runtimes=("corun", *ASIO),
          times=20),  # starting the fibers is no part of the question
    Curve("concurrent_task", "timers", ("--tasks", "{size}", "--random", "1", "--sleep-ms", "200"), metric="cpu_s", divide=1e9),
    Curve("parked", "fibers that are created and wait", ("--fibers", "{size}"), metric="create_ns", unit="ns"),
    Curve("parked", "resident bytes of fibers that wait", ("--fibers", "{size}"), metric="resident_b", unit="bytes"),
    Curve("parked", "fibers that wait and end", ("--fibers", "{size}"), metric="end_ns", unit="ns"),
)


@dataclasses.dataclass(frozen=True)
class Counted:
    """What a run takes, counted: that of `large` operations less that of `small`, so that what a program does once is left out."""

    workload: str
    title: str
    small: int
    large: int
    arguments: tuple = ()
    parameter: str = ""
    runtimes: tuple = ("corun", *FIBERS)
    kinds: tuple = ("instructions", "allocations", "system_calls")
    field: str = ""  # instead of counting: what the program itself tells of one operation


COUNTED = (
    Counted("yield", "yield, 2 fibers", 20_000, 60_000, parameter="2"),
    Counted("yield", "yield, 1000 fibers", 20_000, 60_000, parameter="1000"),
    Counted("spawn_join", "spawn and join, one at a time", 5_000, 15_000),
    Counted("spawn_batch", "spawn and join, batches of 1000", 5_000, 15_000),
    Counted("skynet", "skynet, a leaf of 10,000", 10, 10_000),
    Counted("cancel", "cancel, 1000 at once", 5_000, 15_000, runtimes=("corun", *ASIO)),
    Counted("timeout", "timeout that does not fire", 5_000, 15_000, runtimes=("corun", *ASIO)),
    Counted("exception", "throw, catch, yield", 2_000, 6_000, kinds=("instructions", "allocations")),
    Counted("parked", "parked fiber, of 20,000", 1, 20_000, field="resident_b", kinds=("resident_bytes",)),
)
