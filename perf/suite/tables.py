"""The report as text."""

import statistics

from .catalogue import ASIDES
from .counts import UNITS

HEADINGS = {"wall_s": "wall s", "cpu_s": "CPU s", "rss_kib": "max MiB", "create_cpu_ns": "create CPU ns",
            "resident_b": "resident B", "end_cpu_ns": "end CPU ns", "op_ns": "ns", "op_cpu_ns": "CPU ns", "load_part": "load"}
COMPARED = {"wall_s", "cpu_s", "create_cpu_ns", "resident_b", "end_cpu_ns", "op_ns", "op_cpu_ns"}
BAR = 24  # characters


def table(rows, indent="  ", left=(0,)):
    """Columns as wide as they must be: those of `left` to the left, all others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(widths[number]) if number in left else cell.rjust(widths[number]) for number, cell in enumerate(row)]
        yield (indent + "  ".join(cells)).rstrip()


def figure(key, value):
    if key == "rss_kib":
        return f"{value / 1024:.1f}"
    if key == "load_part":
        return f"{value:.0%}"
    if key.endswith("_s"):
        return f"{value:.3f}"
    return f"{value:.3g}" if 0 < value < 1 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def times(verdict):
    """How often corun's figure goes into another's; in brackets where the rounds do not agree on which is larger."""
    if verdict is None:
        return ""
    return f"{verdict['ratio']:.2f} ×" if verdict["verdict"] in ("more", "less") else f"({verdict['ratio']:.2f} ×)"


def bar(value, largest):
    eighths = round(value / largest * BAR * 8) if largest else 0
    return "█" * (eighths // 8) + (" ▏▎▍▌▋▊▉"[eighths % 8] if eighths % 8 else "")


def notes(result):
    for kind in "skipped", "failed":
        for runtime, reason in result.get(kind, {}).items():
            yield f"  {runtime} {kind}: {reason}"


def drawn(result):
    """What bars show: the time that does not depend on what else the machine did, if there is one."""
    return result.get("drawn") or next((key for key in ("op_cpu_ns", "cpu_s") if key in result["columns"]), result["columns"][0])


def workload(result):
    """The medians of one case. The ratio beside a figure is to corun's: above 1, the peer took more."""
    yield f"{result['workload']}: {result['meaning']} ({result['case']})"
    key = drawn(result)
    # Bars are cut where one would make all others vanish.
    medians = [summary[key]["median"] for summary in result["summary"].values()] or [1]
    largest = min(max(medians), 6 * statistics.median(medians))
    rows = [["runtime"]]
    for column in result["columns"]:
        rows[0] += [HEADINGS.get(column, column), "÷ corun", "spread"] if column in COMPARED else [HEADINGS.get(column, column)]
    bars = [HEADINGS.get(key, key)]
    for runtime, summary in result["summary"].items():
        row = [runtime]
        for column in result["columns"]:
            row.append(figure(column, summary[column]["median"]))
            if column in COMPARED:
                row += [times(result["verdicts"].get(runtime, {}).get(column)), f"{summary[column]['spread']:.0%}"]
        rows.append(row)
        value = summary[key]["median"]
        bars.append(bar(min(value, largest), largest) + ("…" if value > largest else ""))
    if len(rows) > 1:
        lines = list(table(rows))
        wide = max(map(len, lines))
        yield from (f"{line.ljust(wide)}  {drawing}" for line, drawing in zip(lines, bars))
    yield from undecided(result)
    for runtime in result["summary"]:
        if runtime in ASIDES:
            yield f"  {runtime}: {ASIDES[runtime]}"
    if result.get("remark"):
        yield f"  {result['remark']}"
    yield from notes(result)


def undecided(result):
    for verdict, words in ("noise", "too noisy to tell apart from corun"), ("few", "too few rounds to tell apart from corun"):
        names = [runtime for runtime, verdicts in result["verdicts"].items()
                 if verdicts.get(drawn(result), {}).get("verdict") == verdict]
        if names:
            yield f"  {words} ({HEADINGS[drawn(result)]}): {', '.join(names)}"


def counts(results):
    yield "counted, of one operation"
    rows = [["", "runtime", *UNITS.values()]]
    for result in results:
        for runtime, found in result["counts"].items():
            rows.append([result["title"], runtime, *(figure("", found[kind]) if kind in found else "" for kind in UNITS)])
    if len(rows) > 1:
        yield from table(rows)
    for result in results:
        for line in notes(result):
            yield f"  {result['title']}:{line}"


def curve(result):
    yield f"scaling: {result['grows']} ({result['workload']}), {result['unit']} of one"
    sizes = sorted({point["size"] for points in result["points"].values() for point in points})
    rows = [["runtime", *(f"{size:,}" for size in sizes), "~ size^"]]
    for runtime, points in result["points"].items():
        there = {point["size"]: point["median"] for point in points}
        slope = result["slope"].get(runtime)
        rows.append([runtime, *(figure("", there[size]) if size in there else "" for size in sizes),
                     "" if slope is None else f"{slope:.2f}" + (" SUPERLINEAR" if runtime in result["superlinear"] else "")])
    yield from table(rows)
    yield from (f"  {line}" for line in work(result))
    yield from notes(result)


def work(result):
    for runtime, slope in result.get("work_slope", {}).items():
        yield (f"{runtime}: its instructions grow as size^{slope:.2f}"
               + ("" if runtime in result["superlinear"] else ": what grows is the time that memory takes, and not the work"))


def goals(evaluated):
    verdicts = {True: "met", False: "MISSED", None: "not measured"}
    rows = [["goals", "asked", "measured", ""]]
    for goal in evaluated:
        said = verdicts[goal["met"]] + (f": {goal['why']}" if goal.get("why") else "")
        rows.append([goal["goal"], goal["asked"], goal_figure(goal), said])
    yield from table(rows, indent="", left=(0, 3))


def goal_figure(goal):
    """As many digits as tell it from its bound."""
    value = goal["measured"]
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"
