"""What is asked of corun, and what was measured."""

FIBERS = "boost_fiber", "asio_spawn", "awaitable"  # the peers that the goals name for in-process costs


class Figures:
    """Looks up medians; None where something was not measured."""

    def __init__(self, results):
        self._summaries = {(result["workload"], result["case"]): result["summary"] for result in results}

    def median(self, workload, case, runtime, key):
        return self._summaries.get((workload, case), {}).get(runtime, {}).get(key, {}).get("median")

    def to_best(self, workload, case, key, peers):
        """corun's figure ÷ that of the best of the peers, and words that name it."""
        return ratio(self.median(workload, case, "corun", key), {peer: self.median(workload, case, peer, key) for peer in peers})


def ratio(figure, others):
    """figure ÷ the smallest of the others ({name: figure}), and words that name that one."""
    others = {name: other for name, other in others.items() if other}
    if figure is None or not others:
        return None, "best peer"
    best = min(others, key=others.get)
    return figure / others[best], f"best peer ({best})"


def evaluate(results, names):
    """The goals of what is named: a list of {"goal", "asked", "measured", "met"}, None where nothing was measured."""
    figures = Figures(results)
    goals = {
        "yield": _yield, "spawn_join": _spawn_join, "spawn_batch": _spawn_batch, "skynet": _skynet, "parked": _parked,
        "concurrent_task": _concurrent_task, "ping_pong": _ping_pong, "producer_consumer": _producer_consumer,
        "concurrent_channel": _concurrent_channel, "mutex": _mutex, "select": _select, "url_fetch": _url_fetch, "echo": _echo,
        "echo_idle": _echo_idle, "http": _http, "two_threads": _two_threads,
    }
    return [{"goal": goal, "asked": asked, "measured": measured, "met": _met(asked, measured)}
            for name, list_goals in goals.items() if name in names
            for goal, asked, measured in list_goals(figures)]


def _met(asked, measured):
    if measured is None:
        return None
    relation, bound = asked.split()
    return {"<": measured < float(bound), "≤": measured <= float(bound), "≥": measured >= float(bound)}[relation]


def _yield(figures):
    for case, asked in ("2 fibers", "≤ 0.25"), ("1000 fibers", "≤ 0.3"):
        part, best = figures.to_best("yield", case, "op_cpu_ns", FIBERS)
        yield f"yield, {case} ÷ {best}", asked, part
    two = figures.median("yield", "2 fibers", "corun", "op_cpu_ns")
    yield "yield, 2 fibers ÷ jump_fcontext", "≤ 2.5", figures.to_best("yield", "2 fibers", "op_cpu_ns", ["jump_fcontext"])[0]
    yield "yield, 10,000 fibers ÷ 2 fibers", "≤ 4", ratio(figures.median("yield", "10,000 fibers", "corun", "op_cpu_ns"), {"2": two})[0]


def _spawn_join(figures):
    part, _ = figures.to_best("spawn_join", "one at a time", "op_cpu_ns", ["asio_spawn"])
    yield "spawn and join ÷ asio_spawn", "≤ 0.25", part


def _spawn_batch(figures):
    part, _ = figures.to_best("spawn_batch", "batches of 1000", "op_cpu_ns", ["asio_spawn"])
    yield "spawn and join, batches ÷ asio_spawn", "≤ 0.4", part


def _skynet(figures):
    part, best = figures.to_best("skynet", "1,000,000 leaves", "op_cpu_ns", [*FIBERS, "go"])
    yield f"skynet ÷ {best}", "≤ 0.5", part
    resident = figures.median("skynet", "1,000,000 leaves", "corun", "rss_kib")
    yield "skynet, MB resident", "≤ 250", resident and resident * 1024 / 1e6


def _parked(figures):
    each = figures.median("parked", "100,000 fibers", "corun", "resident_b")
    yield "100,000 parked fibers, KiB resident each", "≤ 4.6", each and each / 1024
    million = "1,000,000 fibers"
    each = figures.median("parked", million, "corun", "resident_b")
    yield "1,000,000 parked fibers, KiB resident each", "≤ 4.6", each and each / 1024
    created = figures.median("parked", million, "corun", "create_ns")
    yield "1,000,000 parked fibers, µs to create each", "≤ 4", created and created / 1000
    woken = figures.median("parked", million, "corun", "woken")
    yield "1,000,000 parked fibers, fibers lost", "≤ 0", None if woken is None else 1_000_000 - woken


def _concurrent_task(figures):
    for peer, asked in ("awaitable", "≤ 1.6"), ("gevent", "≤ 0.1"):
        part, _ = figures.to_best("concurrent_task", "10,000 tasks", "cpu_s", [peer])
        yield f"concurrent_task, CPU ÷ {peer}", asked, part


def _ping_pong(figures):
    part, best = figures.to_best("ping_pong", "2 fibers", "op_cpu_ns", [*FIBERS, "go"])
    yield f"ping-pong ÷ {best}", "≤ 0.2", part


def _producer_consumer(figures):
    part, best = figures.to_best("producer_consumer", "capacity 1024", "op_cpu_ns", [*FIBERS, "go"])
    yield f"producer and consumer, capacity 1024 ÷ {best}", "≤ 0.4", part


def _concurrent_channel(figures):
    part, _ = figures.to_best("concurrent_channel", "capacity 1024", "op_ns", ["go"])
    yield "values per second from thread to thread ÷ go", "≥ 1.5", part and 1 / part


def _mutex(figures):
    part, best = figures.to_best("mutex", "10 fibers", "op_cpu_ns", [*FIBERS, "go"])
    yield f"mutex ÷ {best}", "≤ 0.25", part


def _select(figures):
    alone, of_eight = (figures.median("select", case, "corun", "op_cpu_ns") for case in ("alone", "by a select of 8 channels and a timer"))
    yield "select of 8 channels and a timer ÷ a plain receive", "≤ 2", ratio(of_eight, {"alone": alone})[0]


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


def _echo_idle(figures):
    each = figures.median("echo_idle", "10,000 connections", "corun", "resident_b")
    yield "10,000 idle connections, KiB resident each", "≤ 6", each and each / 1024


def _http(figures):
    for peer in "beast", "callbacks":
        yield f"http, CPU ÷ {peer}", "< 1", figures.to_best("http", "64 connections", "op_cpu_ns", [peer])[0]


def _two_threads(figures):
    one, two = (figures.median("two_threads", case, "corun", "op_ns") for case in ("1 thread", "2 threads"))
    yield "requests per second, two threads ÷ one", "≥ 1.8", one and two and one / two
