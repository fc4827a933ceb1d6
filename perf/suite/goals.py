"""What is asked of corun, and what was measured."""

from .figures import Figures, ratio

FIBERS = "boost_fiber", "asio_spawn", "awaitable"  # the peers that the goals name for in-process costs
NOTHING = "≤ 0"
FLAT = "≤ 0.25"  # p of cost ~ size^p


def evaluate(whole):
    """The goals of what a report (as described in report.py) is about: a list of {"goal", "asked", "measured", "met", "why"}; where
    nothing was measured, the first two of the last three are None, and the last says why."""
    figures, found = Figures(whole), []
    names = whole["options"]["names"]
    for name, list_goals in GOALS.items():
        for goal, asked, measured in list_goals(figures) if name in names else ():
            found.append({"goal": goal, "asked": asked, "measured": measured, "met": _met(asked, measured),
                          "why": figures.why_not() if measured is None else ""})
            figures.forget()
    return found


def _met(asked, measured):
    if measured is None:
        return None
    relation, bound = asked.split()
    return {"<": measured < float(bound), "≤": measured <= float(bound), "≥": measured >= float(bound)}[relation]


def _yield(figures):
    for case, asked in ("2 fibers", "≤ 0.25"), ("1000 fibers", "≤ 0.3"):
        part, best = figures.to_best("yield", case, "op_cpu_ns", FIBERS)
        yield f"yield, {case} ÷ {best}", asked, part
    yield "yield, 2 fibers ÷ jump_fcontext", "≤ 2.5", figures.to_best("yield", "2 fibers", "op_cpu_ns", ["jump_fcontext"])[0]
    ten_thousand, two = (figures.median("yield", case, "corun", "op_cpu_ns") for case in ("10,000 fibers", "2 fibers"))
    yield "yield, 10,000 fibers ÷ 2 fibers", "≤ 4", ratio(ten_thousand, two)


def _spawn_join(figures):
    yield "spawn and join ÷ asio_spawn", "≤ 0.25", figures.to_best("spawn_join", "one at a time", "op_cpu_ns", ["asio_spawn"])[0]


def _spawn_batch(figures):
    for case in "1000 alive at once", "1000 that end at once":
        part, _ = figures.to_best("spawn_batch", case, "op_cpu_ns", ["asio_spawn"])
        yield f"spawn and join, batches of {case} ÷ asio_spawn", "≤ 0.4", part


def _skynet(figures):
    for case in "1,000,000 leaves", "1,000,000 leaves that wait once", "100,000 leaves that wait once":
        part, best = figures.to_best("skynet", case, "op_cpu_ns", [*FIBERS, "go"])
        if part is None and case.startswith("100,000"):
            figures.forget()  # the larger one was measured
        else:
            yield f"skynet, {case} ÷ {best}", "≤ 0.5", part
    resident = figures.median("skynet", "1,000,000 leaves", "corun", "rss_kib")
    yield "skynet, 1,000,000 leaves, MB resident", "≤ 250", resident and resident * 1024 / 1e6


def _parked(figures):
    million = "1,000,000 fibers"
    for case in "100,000 fibers", million:
        each = figures.median("parked", case, "corun", "resident_b")
        yield f"parked, {case}, KiB resident each", "≤ 4.6", each and each / 1024
    created = figures.median("parked", million, "corun", "create_cpu_ns")
    yield f"parked, {million}, CPU µs to create each", "≤ 4", created and created / 1000
    touched = figures.median("parked", million, "page_touch", "create_cpu_ns")
    yield f"parked, {million}, create ÷ a page's first touch (4 ÷ 2.7 asked)", "≤ 1.48", ratio(created, touched)
    woken = figures.median("parked", million, "corun", "woken")
    yield f"parked, {million}, fibers lost", "≤ 0", None if woken is None else 1_000_000 - woken


def _concurrent_task(figures):
    for peer, asked in ("awaitable", "≤ 1.6"), ("gevent", "≤ 0.1"):
        yield f"sleepers, 10,000, CPU ÷ {peer}", asked, figures.to_best("concurrent_task", "10,000 tasks", "cpu_s", [peer])[0]


def _ping_pong(figures):
    part, best = figures.to_best("ping_pong", "2 fibers", "op_cpu_ns", [*FIBERS, "go"])
    yield f"ping-pong ÷ {best}", "≤ 0.2", part
    yield ("ping-pong ÷ jump_fcontext (110 ns ÷ 10 asked)", "≤ 11",
           figures.to_best("ping_pong", "2 fibers", "op_cpu_ns", ["jump_fcontext"])[0])
    yield "ping-pong, allocations", NOTHING, figures.count("ping-pong, a round trip", "corun", "allocations")
    yield ("ping-pong beside 1000 to 1,000,000 waiters: p of cost ~ waiters^p", FLAT,
           figures.growth("fibers that wait at one channel"))


def _producer_consumer(figures):
    part, best = figures.to_best("producer_consumer", "capacity 1024", "op_cpu_ns", [*FIBERS, "go"])
    yield f"producer and consumer, capacity 1024 ÷ {best}", "≤ 0.4", part


def _concurrent_channel(figures):
    go, own = (figures.median("concurrent_channel", "capacity 1024", runtime, "op_ns") for runtime in ("go", "corun"))
    yield "values per second from thread to thread ÷ go", "≥ 1.5", ratio(go, own)


def _mutex(figures):
    part, best = figures.to_best("mutex", "10 fibers", "op_cpu_ns", [*FIBERS, "go"])
    yield f"mutex ÷ {best}", "≤ 0.25", part
    yield "mutex, allocations", NOTHING, figures.count("lock, yield, unlock, 10 fibers", "corun", "allocations")
    yield "mutex for which 1000 to 1,000,000 wait: p of cost ~ waiters^p", FLAT, figures.growth("fibers that contend for a mutex")


def _select(figures):
    cases = "by a select of 8 channels and a timer", "alone"
    timed, alone = (figures.median("select", case, "corun", "op_cpu_ns") for case in cases)
    yield "select of 8 channels and a timer ÷ a plain receive", "≤ 2", ratio(timed, alone)
    titles = "select of 8 channels and a timer", "a plain receive"
    timed, alone = (figures.count(title, "corun", "instructions") for title in titles)
    yield "select of 8 channels and a timer ÷ a plain receive, instructions", "≤ 2", ratio(timed, alone)
    yield "select, allocations", NOTHING, figures.count("select of 8 channels and a timer", "corun", "allocations")
    yield ("select beside 1000 to 1,000,000 waiters: p of cost ~ waiters^p", FLAT,
           figures.growth("fibers that wait at one channel in a select"))


def _url_fetch(figures):
    for case in "1000 requests", "10,000 requests":
        for key, what in ("wall_s", "wall"), ("cpu_s", "CPU"):
            part, best = figures.to_best("url_fetch", case, key, ("asio_spawn", "boost_fiber", "gevent", "thread"))
            yield f"url_fetch, {case}, {what} ÷ {best}", "< 1", part
    part, _ = figures.to_best("url_fetch", "10,000 requests", "cpu_s", ["raw_epoll"])
    yield "url_fetch, 10,000 requests, CPU ÷ raw_epoll", "≤ 1.15", part


def _echo(figures):
    many, most = "64 connections", "1000 connections"
    for case, peer, asked in (many, "raw_epoll", "≤ 1.08"), (many, "callbacks", "< 1"), (most, "callbacks", "< 1"):
        yield f"echo, {case}, CPU ÷ {peer}", asked, figures.to_best("echo", case, "op_cpu_ns", [peer])[0]
    # The bounds of a parked one were taken where raw callbacks took 1366, which they do where the io_context has no locks.
    for title, instructions, calls in ("echo, 64 busy connections", 300, 2.15), ("echo, 1 parked connection, no locks", 1100, 7):
        yield f"{title}, instructions", f"≤ {instructions}", figures.count(title, "corun", "instructions")
        yield f"{title}, system calls", f"≤ {calls}", figures.count(title, "corun", "system_calls")
        yield f"{title}, allocations", NOTHING, figures.count(title, "corun", "allocations")
    bound = 1450 if figures.boost() < (1, 83) else 1100
    yield f"{title}, by the token, instructions", f"≤ {bound}", figures.count(title, "corun_token", "instructions")


def _echo_idle(figures):
    each = figures.median("echo_idle", "10,000 connections", "corun", "resident_b")
    yield "10,000 idle connections, KiB resident each", "≤ 6", each and each / 1024


def _http(figures):
    for peer in "beast", "callbacks":
        yield f"http, CPU ÷ {peer}", "< 1", figures.to_best("http", "64 connections", "op_cpu_ns", [peer])[0]


def _two_threads(figures):
    one, two = (figures.median("two_threads", case, "corun", "op_ns") for case in ("1 thread", "2 threads"))
    load = figures.median("two_threads", "2 threads", "corun", "load_part")
    most = "" if load is None else f" (2 processors less the load's part: {2 - load:.2f})"
    yield f"requests per second, two threads ÷ one{most}", "≥ 1.8", ratio(one, two)


GOALS = {
    "yield": _yield, "spawn_join": _spawn_join, "spawn_batch": _spawn_batch, "skynet": _skynet, "parked": _parked,
    "concurrent_task": _concurrent_task, "ping_pong": _ping_pong, "producer_consumer": _producer_consumer,
    "concurrent_channel": _concurrent_channel, "mutex": _mutex, "select": _select, "url_fetch": _url_fetch, "echo": _echo,
    "echo_idle": _echo_idle, "http": _http, "two_threads": _two_threads,
}
