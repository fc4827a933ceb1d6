"""What is asked of corun, and what was measured."""

FIBERS = "boost_fiber", "asio_spawn", "awaitable"  # the peers that the goals name for in-process costs


class Figures:
    """Looks up medians; None where something was not measured."""

    def __init__(self, workloads, costs):
        self._medians = {(result["workload"], result["case"]): result["median"] for result in workloads}
        self._costs = {(result["cost"], result["parameter"]): result["median_ns"] for result in costs}

    def cost(self, name, parameter, runtime):
        return self._costs.get((name, parameter), {}).get(runtime)

    def median(self, workload, case, runtime, key):
        return self._medians.get((workload, case), {}).get(runtime, {}).get(key)


def ratio(figure, others):
    """figure ÷ the smallest of the others ({name: figure}), and words that name that one."""
    others = {name: other for name, other in others.items() if other}
    if figure is None or not others:
        return None, "best peer"
    best = min(others, key=others.get)
    return figure / others[best], f"best peer ({best})"


def evaluate(workloads, costs, names):
    """The goals of what is named: a list of {"goal", "asked", "measured", "met"}, None where nothing was measured."""
    figures = Figures(workloads, costs)
    goals = {
        "yield": _yield, "spawn_join": _spawn_join, "parked": _parked,
        "concurrent_task": _concurrent_task, "url_fetch": _url_fetch,
    }
    return [{"goal": goal, "asked": asked, "measured": measured, "met": _met(asked, measured)}
            for name, list_goals in goals.items() if name in names
            for goal, asked, measured in list_goals(figures)]


def _met(asked, measured):
    if measured is None:
        return None
    relation, bound = asked.split()
    return measured < float(bound) if relation == "<" else measured <= float(bound)


def _yield(figures):
    corun = {size: figures.cost("yield", size, "corun") for size in ("2", "1000", "10000")}
    for size, asked in ("2", "≤ 0.25"), ("1000", "≤ 0.3"):
        part, best = ratio(corun[size], {peer: figures.cost("yield", size, peer) for peer in FIBERS})
        yield f"yield, {size} fibers ÷ {best}", asked, part
    bare = {"jump_fcontext": figures.cost("yield", "2", "jump_fcontext")}
    yield "yield, 2 fibers ÷ jump_fcontext", "≤ 2.5", ratio(corun["2"], bare)[0]
    yield "yield, 10000 fibers ÷ 2 fibers", "≤ 4", ratio(corun["10000"], {"2": corun["2"]})[0]


def _spawn_join(figures):
    peer = {"asio_spawn": figures.cost("spawn_join", "", "asio_spawn")}
    yield "spawn and join ÷ asio_spawn", "≤ 0.25", ratio(figures.cost("spawn_join", "", "corun"), peer)[0]


def _parked(figures):
    each = figures.median("parked", "100,000 fibers", "corun", "resident_b")
    yield "100,000 parked fibers, KiB resident each", "≤ 4.6", each and each / 1024
    woken = figures.median("parked", "1,000,000 fibers", "corun", "woken")
    yield "1,000,000 parked fibers, fibers lost", "≤ 0", None if woken is None else 1_000_000 - woken


def _concurrent_task(figures):
    cpu = {runtime: figures.median("concurrent_task", "10,000 tasks", runtime, "cpu_s")
           for runtime in ("corun", "awaitable", "gevent")}
    for peer, asked in ("awaitable", "≤ 2"), ("gevent", "≤ 0.1"):
        yield f"concurrent_task, CPU ÷ {peer}", asked, ratio(cpu["corun"], {peer: cpu[peer]})[0]


def _url_fetch(figures):
    for case in "1000 requests", "10,000 requests":
        for key, what in ("wall_s", "wall"), ("cpu_s", "CPU"):
            peers = {peer: figures.median("url_fetch", case, peer, key)
                     for peer in ("asio_spawn", "boost_fiber", "gevent", "thread")}
            part, best = ratio(figures.median("url_fetch", case, "corun", key), peers)
            yield f"url_fetch, {case}, {what} ÷ {best}", "< 1", part
