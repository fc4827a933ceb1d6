"""What is drawn over a growing size, and what is counted."""

from .kinds import Counted, Curve
from .workloads import ASIO, FIBERS

PEERS = ("corun", *FIBERS)

CURVES = (
    Curve("yield", "fibers that yield", runtimes=PEERS),
    Curve("spawn_batch", "fibers of a batch", ("--size", "{size}", "--operations", "{work}"), runtimes=PEERS),
    Curve("cancellation", "fibers that are cancelled at once", ("--size", "{size}", "--operations", "{work}"),
          runtimes=("corun", *ASIO)),
    Curve("timeout", "timeouts under way at once", ("--size", "{size}", "--operations", "{work}"), runtimes=("corun", *ASIO),
          times=20),  # starting the fibers is no part of the question
    Curve("concurrent_task", "timers", ("--tasks", "{size}", "--random", "1", "--sleep-ms", "200"), metric="cpu_s", divide=1e9,
          runtimes=PEERS),
    Curve("ping_pong", "fibers that wait at one channel", parameter="waiters/{size}"),
    Curve("select", "fibers that wait at one channel in a select", parameter="waiters/{size}"),
    Curve("mutex", "fibers that contend for a mutex", runtimes=PEERS),
    Curve("mutex", "fibers that wait for a permit", parameter="semaphore/{size}"),
    Curve("mutex", "fibers that wait for an event", parameter="event/{size}"),
    Curve("mutex", "fibers that wait where one is cancelled", parameter="cancelled/{size}"),
    Curve("echo", "connections that are busy", ("--connections", "{size}", "--rounds", "{rounds}"),
          runtimes=("corun", "raw_epoll", "callbacks", "awaitable"), largest=10_000, times=20, least_work=20_000),
    Curve("echo_idle", "resident bytes of connections that are idle", ("--connections", "{size}", "--rounds", "1"),
          metric="resident_b", unit="bytes", runtimes=("corun", "callbacks", "awaitable"), largest=10_000),
    Curve("parked", "fibers that are created and wait", ("--fibers", "{size}"), metric="create_cpu_ns", runtimes=PEERS),
    Curve("parked", "resident bytes of fibers that wait", ("--fibers", "{size}"), metric="resident_b", unit="bytes",
          runtimes=PEERS),
    Curve("parked", "fibers that wait and end", ("--fibers", "{size}"), metric="end_cpu_ns", runtimes=PEERS),
)

# Both numbers of a benchmark have as many digits: it prints them, and longer ones take allocations.
COUNTED = (
    Counted("yield", "yield, 2 fibers", 20_000, 60_000, parameter="2", runtimes=PEERS),
    Counted("yield", "yield, 1000 fibers", 20_000, 60_000, parameter="1000", runtimes=PEERS),
    Counted("spawn_join", "spawn and join, one at a time", 10_000, 30_000, runtimes=PEERS),
    Counted("spawn_batch", "spawn and join, 1000 that end at once", 5_000, 15_000, runtimes=PEERS),
    Counted("spawn_batch", "spawn and join, 1000 alive at once", 5_000, 15_000, ("--waits", "1"), runtimes=PEERS),
    Counted("skynet", "skynet, a leaf of 10,000", 10, 10_000, runtimes=PEERS),
    Counted("skynet", "skynet, a leaf of 10,000 that waits once", 10, 10_000, ("--waits", "1"), runtimes=PEERS),
    Counted("ping_pong", "ping-pong, a round trip", 10_000, 30_000, runtimes=PEERS),
    Counted("producer_consumer", "producer and consumer, capacity 1024", 20_000, 60_000, parameter="1024", runtimes=PEERS),
    Counted("mutex", "lock, yield, unlock, 10 fibers", 10_000, 30_000, parameter="10", runtimes=PEERS),
    Counted("select", "a plain receive", 10_000, 30_000, parameter="plain_receive"),
    Counted("select", "select of 8 channels and a timer", 10_000, 30_000, parameter="of_8_and_a_timer"),
    Counted("select", "select of 8 channels and a deadline", 10_000, 30_000, parameter="of_8_and_a_deadline"),
    Counted("cancellation", "cancel, 1000 at once", 5_000, 15_000, runtimes=("corun", *ASIO)),
    Counted("timeout", "timeout that does not fire", 5_000, 15_000, runtimes=("corun", *ASIO)),
    Counted("exception", "throw, catch, yield", 2_000, 6_000, kinds=("instructions", "allocations"), runtimes=PEERS),
    Counted("echo", "echo, 64 busy connections", 50, 250, ("--connections", "64"), option="--rounds", each=64, alone=True,
            runtimes=("corun", "raw_epoll", "callbacks", *FIBERS)),
    Counted("echo", "echo, 1 parked connection", 100, 1100, ("--connections", "1", "--pause", "300"), option="--rounds", alone=True,
            runtimes=("corun", "corun_token", "raw_epoll", "callbacks", *FIBERS)),
    Counted("echo", "echo, 1 parked connection, no locks", 100, 1100, ("--connections", "1", "--pause", "300", "--locks", "0"),
            option="--rounds", alone=True, runtimes=("corun", "corun_token", "callbacks", *ASIO, "jump_fcontext")),
    Counted("parked", "parked fiber, of 20,000", 1, 20_000, field="resident_b", kinds=("resident_bytes",), runtimes=PEERS),
)
