"""What is measured: the workloads, their cases and runtimes, and the costs."""

import dataclasses

GIB = 1 << 30


@dataclasses.dataclass(frozen=True)
class Case:
    title: str
    arguments: tuple = ()
    rounds: int | None = None  # None: as many as the user asks for
    needs_bytes: dict = dataclasses.field(default_factory=dict)  # memory by runtime, where it is a lot


@dataclasses.dataclass(frozen=True)
class Workload:
    """One program per runtime: NAME for corun, peers/NAME_RUNTIME for the others."""

    name: str
    meaning: str
    runtimes: tuple
    cases: tuple
    columns: tuple = ("wall_s", "cpu_s", "rss_kib")
    same: tuple = ()  # counts that must not differ between runtimes
    needs_server: bool = False
    needs_folder: bool = False
    seconds: int = 120  # the longest that one run may take


WORKLOADS = (
    Workload(
        "concurrent_task", "tasks sleep for a second and count",
        ("corun", "awaitable", "asio_spawn", "boost_fiber", "thread", "gevent"),
        (Case("10,000 tasks"),),
        same=("counted",)),
    Workload(
        "io_task", "files are written in blocks of 32 KiB",
        ("corun", "thread", "gevent"),
        (Case("100 files, 100 writes each"),),
        same=("bytes",), needs_folder=True),
    Workload(
        "url_fetch", "GETs from a web server, a connection each, 100 at a time",
        ("corun", "awaitable", "asio_spawn", "boost_fiber", "thread", "gevent"),
        (Case("1000 requests", ("--requests", "1000")), Case("10,000 requests", ("--requests", "10000"))),
        same=("answered", "bytes"), needs_server=True),
    Workload(
        "parked", "fibers wait for one event; nanoseconds and bytes are those of one fiber",
        ("corun", "awaitable", "asio_spawn", "boost_fiber"),
        (Case("100,000 fibers", ("--fibers", "100000"),
              needs_bytes={"boost_fiber": 2 * GIB}),
         Case("1,000,000 fibers", ("--fibers", "1000000"), rounds=1,
              needs_bytes={"corun": 6 * GIB, "asio_spawn": 7 * GIB, "boost_fiber": 11 * GIB})),
        columns=("create_ns", "resident_b", "end_ns", "cpu_s", "rss_kib"), same=("woken",)),
)


@dataclasses.dataclass(frozen=True)
class Cost:
    """A Google Benchmark program whose benchmarks are named NAME/RUNTIME[/PARAMETER]."""

    name: str
    meaning: str
    seconds: int = 60  # the longest that one repetition may take


COSTS = (
    Cost("yield", "one yield in a ring of fibers that do nothing else"),
    Cost("spawn_join", "one fiber started and joined, one at a time"),
)

# Variants that tell more, but whose figures are no measure of the same work.
ASIDES = {
    "asio_spawn_no_io": "an io_context without a timer or a socket, which never asks the system for events",
    "awaitable_no_io": "an io_context without a timer or a socket, which never asks the system for events",
    "boost_fiber_inline": "the child runs at once, before spawning returns",
    "asio_spawn_inline": "the child runs at once, before spawning returns; nobody waits for anything",
    "jump_fcontext": "the bare switch of two stacks",
}
