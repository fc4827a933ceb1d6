"""The workloads, and who takes part in each."""

from .kinds import BOTH, GIB, PER_OPERATION, Case, Workload, operations, repeated

ASIO = "awaitable", "asio_spawn"
FIBERS = "awaitable", "asio_spawn", "boost_fiber"
NEVER_ALIVE = "asio_spawn runs a child that does not wait as a call on another stack:"

CHEAP = (
    Workload(
        "yield", "one yield in a ring of fibers that do nothing else",
        ("corun", *FIBERS, "go", "jump_fcontext", "asio_spawn_no_io", "awaitable_no_io"),
        (repeated(2, "2", "2 fibers"), repeated(1000, "1000", "1000 fibers"), repeated(10_000, "10000", "10,000 fibers")),
        columns=BOTH, benchmark="yield"),
    Workload(
        "spawn_join", "one fiber started and joined, one at a time",
        ("corun", *FIBERS, "go", "asio_spawn_no_io", "awaitable_no_io", "boost_fiber_inline", "asio_spawn_inline"),
        (repeated(1, title="one at a time"),), columns=BOTH, benchmark="spawn_join"),
    Workload(
        "spawn_batch", "fibers spawned in batches, and all of a batch joined; the figures are those of one fiber",
        ("corun", *FIBERS, "go", "asyncio"),
        (Case("1000 that end at once", quick=("--operations", "100000")),
         Case("1000 alive at once", ("--waits", "1"), quick=("--operations", "100000"))),
        columns=PER_OPERATION,
        remarks={"1000 that end at once": f"{NEVER_ALIVE} two of its children are never alive at the same time"}),
    Workload(
        "skynet", "a tree of fibers, ten children each, sums up its leaves; the figures are those of one leaf",
        ("corun", *FIBERS, "go"),
        (Case("100,000 leaves", ("--operations", "100000"), modes=("quick",)),
         Case("1,000,000 leaves", modes=("", "full"), needs_bytes={"boost_fiber": 6 * GIB}),
         Case("100,000 leaves that wait once", ("--operations", "100000", "--waits", "1"), modes=("quick", ""),
              needs_bytes={"boost_fiber": GIB, "asio_spawn": GIB}),
         Case("1,000,000 leaves that wait once", ("--waits", "1"), weight=3, modes=("full",),
              needs_bytes={"boost_fiber": 11 * GIB, "asio_spawn": 10 * GIB, "corun": 6 * GIB, "go": 4 * GIB})),
        columns=PER_OPERATION, same=("sum",),
        remarks={title: f"{NEVER_ALIVE} few of the tree's fibers are alive at the same time"
                 for title in ("100,000 leaves", "1,000,000 leaves")}),
    Workload(
        "parked", "fibers wait for one event; nanoseconds and bytes are those of one fiber",
        ("corun", *FIBERS, "go", "page_touch"),
        (Case("100,000 fibers", ("--fibers", "100000"), needs_bytes={"boost_fiber": 2 * GIB}, modes=("", "full")),
         Case("20,000 fibers", ("--fibers", "20000"), modes=("quick",)),
         Case("1,000,000 fibers", ("--fibers", "1000000"), weight=5, modes=("full",),
              needs_bytes={"corun": 6 * GIB, "asio_spawn": 7 * GIB, "boost_fiber": 11 * GIB, "go": 4 * GIB})),
        columns=("create_cpu_ns", "resident_b", "end_cpu_ns", "cpu_s", "rss_kib"), same=("woken",)),
    Workload(
        "concurrent_task", "sleepers: tasks sleep and count",
        ("corun", *FIBERS, "thread", "go", "gevent", "asyncio", "jump_fcontext"),
        (Case("10,000 tasks", quick=("--sleep-ms", "250")),
         Case("100,000 tasks, random times", ("--tasks", "100000", "--random", "1"), modes=("full",),
              slow={"thread": "the system grants fewer threads"}, needs_bytes={"boost_fiber": 2 * GIB, "asio_spawn": GIB})),
        same=("counted",)),
)

TALK = (
    Workload(
        "ping_pong", "a round trip over two channels of capacity 0", ("corun", *FIBERS, "go", "jump_fcontext"),
        (repeated(1, title="2 fibers"),), columns=BOTH, benchmark="channel"),
    Workload(
        "producer_consumer", "a value through a channel, whose producer may be so many ahead", ("corun", *FIBERS, "go"),
        (repeated(1, "1", "capacity 1", modes=("", "full")), repeated(64, "64", "capacity 64", modes=("full",)),
         repeated(1024, "1024", "capacity 1024")),
        columns=BOTH, benchmark="channel"),
    Workload(
        "concurrent_channel", "a value from one thread to another, whose producer may be 1024 ahead",
        ("corun", "boost_fiber", "awaitable", "go", "corun_from_thread"),
        (repeated(1024, title="capacity 1024"),), columns=BOTH, benchmark="concurrent_channel", times=10, pinned=False),
    Workload(
        "mutex", "a critical section with a yield in it", ("corun", *FIBERS, "go", "corun_concurrent"),
        (repeated(10, "10", "10 fibers"),), columns=BOTH, benchmark="mutex"),
    Workload(
        "select", "a value received", ("corun", "go"),
        (repeated(1, "plain_receive", "alone"),
         repeated(8, "of_8_and_a_timer", "by a select of 8 channels and a timer")),
        columns=BOTH, benchmark="select",
        absent={"awaitable": "Asio's || may take values from several channels and give one",
                "asio_spawn": "Asio has no select of channels", "boost_fiber": "has no select"}),
    operations("cancellation", "fibers that sleep are cancelled and joined; the figures are those of one, spawn included",
               ("corun", *ASIO, "go", "asyncio", "corun_thrown"), "1000 at once", quick="20000",
               absent={"boost_fiber": "has no cancellation"}),
    operations("timeout", "a timeout of an hour around one yield, which does not fire",
               ("corun", *ASIO, "go", "asyncio"), "100 fibers",
               absent={"boost_fiber": "has timeouts of single waits, and none around a yield"}),
    operations("exception", "throw, catch, yield", ("corun", *FIBERS, "go"), "100 fibers", quick="50000"),
)


def echoing(title, connections, rounds, quick, **more):
    return Case(title, ("--connections", str(connections), "--rounds", str(rounds), *more.pop("words", ())),
                quick=("--rounds", str(quick)), **more)


IO = (
    Workload(
        "io_task", "files are written in blocks of 32 KiB", ("corun", "thread", "go", "gevent"),
        (Case("100 files, 100 writes each", quick=("--writes", "20")),),
        same=("bytes",), needs_folder=True, pinned=False),
    Workload(
        "echo", "64 bytes are sent back, over connections that stay; CPU is the server's",
        ("corun", "raw_epoll", "io_uring", "callbacks", *FIBERS, "go", "corun_token"),
        (echoing("1 connection", 1, 20_000, 1000, modes=("", "full")),
         echoing("1 connection, parked before each request", 1, 4000, 1000, words=("--pause", "50"), modes=("full",)),
         echoing("64 connections", 64, 2000, 150),
         echoing("1000 connections", 1000, 128, 8, modes=("", "full"))),
        columns=PER_OPERATION, same=("requests",), pinned=False),
    Workload(
        "echo_idle", "connections that are open and idle; resident bytes are the server's, of one connection, without the kernel's",
        ("corun", "raw_epoll", "io_uring", "callbacks", *FIBERS, "go"),
        (Case("2000 connections", ("--connections", "2000", "--rounds", "1"), modes=("quick",)),
         Case("10,000 connections", ("--connections", "10000", "--rounds", "1"), modes=("", "full"))),
        columns=("resident_b", "op_cpu_ns", "rss_kib"), drawn="resident_b", stem="echo", same=("requests",), pinned=False),
    Workload(
        "http", "GET of a few bytes over 64 connections that stay, from wrk; CPU is the server's",
        ("corun", "callbacks", "beast", *ASIO, "go", "nginx", "corun_token"),
        (Case("64 connections", ("--seconds", "1"), quick=("--seconds", "0.2")),),
        columns=("op_cpu_ns", "op_ns", "rss_kib"), driver="http_load.py", tools=("wrk",), pinned=False),
    Workload(
        "tls_echo", "64 bytes are sent back over TLS 1.3, over 64 connections that stay, handshakes included; CPU is the server's",
        ("corun", "callbacks", *ASIO, "go"), (echoing("64 connections", 64, 1000, 60),),
        columns=PER_OPERATION, same=("requests",), pinned=False),
    Workload(
        "two_threads", "a server that computes for 0.2 ms for each request; `load` is what the client takes of one processor",
        ("corun", "awaitable", "awaitable_shared", "go"),
        tuple(Case(title, ("--threads", threads, "--requests", "4000"), quick=("--requests", "500"))
              for title, threads in (("1 thread", "1"), ("2 threads", "2"))),
        columns=("op_ns", "op_cpu_ns", "load_part"), drawn="op_ns", same=("requests",), pinned=False),
    Workload(
        "url_fetch", "GETs from a web server, a connection each, 100 at a time",
        ("corun", "raw_epoll", *FIBERS, "thread", "go", "gevent"),
        (Case("1000 requests", ("--requests", "1000"), quick=("--requests", "500")),
         Case("10,000 requests", ("--requests", "10000"), modes=("full",))),
        same=("answered", "bytes"), needs_server=True),
)

WORKLOADS = (*CHEAP, *TALK, *IO)

ALIASES = {"sleepers": "concurrent_task"}

# What any runtime stands on; goals are ratios to them, so that they are measured always.
FLOORS = "jump_fcontext", "page_touch"

# Variants that tell more, but whose figures are no measure of the same work: no verdict is given on them.
ASIDES = {
    "asio_spawn_no_io": "an io_context without a timer or a socket, which never asks the system for events",
    "awaitable_no_io": "an io_context without a timer or a socket, which never asks the system for events",
    "boost_fiber_inline": "the child runs at once, before spawning returns",
    "asio_spawn_inline": "the child runs at once, before spawning returns; nobody waits for anything",
    "corun_concurrent": "the mutex that schedulers and threads may share",
    "corun_from_thread": "the producer is a plain thread",
    "corun_thrown": "the fibers are woken and throw by themselves: the rest of corun's row is what cancelling takes",
    "corun_token": "Asio's and Beast's own operations, with corun as their completion token",
    "awaitable_shared": "all threads run one io_context",
    "jump_fcontext": "bare stacks that are left and continued, and nothing else",
    "page_touch": "a page of each stack touched for the first time, and nothing else",
}
