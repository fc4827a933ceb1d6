"""The report as text."""

from .catalogue import ASIDES

HEADINGS = {"wall_s": "wall s", "cpu_s": "CPU s", "rss_kib": "max MiB", "create_ns": "create ns",
            "resident_b": "resident B", "end_ns": "end ns"}
COMPARED = {"wall_s", "cpu_s", "create_ns", "resident_b", "end_ns"}


def table(rows, indent="  "):
    """Columns as wide as they must be: the first to the left, all others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for first, *others in rows:
        cells = [first.ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(others, widths[1:])]
        yield (indent + "  ".join(cells)).rstrip()


def figure(key, value):
    if key == "rss_kib":
        return f"{value / 1024:.1f}"
    return f"{value:.3f}" if key.endswith("_s") else f"{value:.0f}"


def times(value, reference):
    """How often corun's figure goes into another's."""
    return f"{value / reference:.2f} ×" if reference else ""


def notes(result):
    for kind in "skipped", "failed":
        for runtime, reason in result.get(kind, {}).items():
            yield f"  {runtime} {kind}: {reason}"


def workload(result):
    """The medians of one case. The ratio beside a figure is to corun's: above 1, the peer took more."""
    yield f"{result['workload']}: {result['meaning']} ({result['case']})"
    corun = result["median"].get("corun", {})
    heading = ["runtime"]
    for key in result["columns"]:
        heading += [HEADINGS[key], "÷ corun"] if key in COMPARED else [HEADINGS[key]]
    rows = [heading]
    for runtime, median in result["median"].items():
        row = [runtime]
        for key in result["columns"]:
            row += [figure(key, median[key])] + ([times(median[key], corun.get(key))] if key in COMPARED else [])
        rows.append(row)
    if len(rows) > 1:
        yield from table(rows)
    yield from notes(result)


def cost(name, results):
    """The medians of one cost, a column for each parameter."""
    yield f"{name}: {results[0]['meaning']}, ns"
    runtimes = list(dict.fromkeys(runtime for result in results for runtime in result["median_ns"]))
    rows = [["runtime"]]
    for result in results:
        rows[0] += [result["parameter"] and f"{result['parameter']} fibers" or "ns", "÷ corun"]
    for runtime in runtimes:
        row = [runtime]
        for result in results:
            value, corun = result["median_ns"].get(runtime), result["median_ns"].get("corun")
            row += ["", ""] if value is None else [f"{value:.1f}", times(value, corun)]
        rows.append(row)
    yield from table(rows)
    for runtime in runtimes:
        if runtime in ASIDES:
            yield f"  {runtime}: {ASIDES[runtime]}"
    for result in results:
        yield from notes(result)


def goals(evaluated):
    verdicts = {True: "met", False: "MISSED", None: "not measured"}
    rows = [["goals", "asked", "measured", ""]]
    for goal in evaluated:
        measured = "" if goal["measured"] is None else f"{goal['measured']:.2f}"
        rows.append([goal["goal"], goal["asked"], measured, verdicts[goal["met"]]])
    yield from table(rows, indent="")
