"""The results in docs/performance.md: written from a report between two marks, so that they are one run's, and nobody's memory."""

import pathlib

from . import catalogue, tables
from .counts import UNITS

PATH = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/performance.md"
BEGIN = "<!-- results: written by ./dev perf --write-docs REPORT.json -->"
END = "<!-- results: end -->"
MODES = {"quick": "`./dev perf --quick`", "": "`./dev perf`", "full": "`./dev perf --full`"}


class Unwritable(Exception):
    """The page cannot be written; the text is one line for people."""


def write(report, path=PATH):
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unwritable(f"{path}: {error.strerror}") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Unwritable(f"{path} has lost its marks: {BEGIN} and {END}")
    path.write_text("\n".join([f"{before}{BEGIN}", "", *lines(report), "", f"{END}{after}"]), encoding="utf-8")


def lines(report):
    yield from _machine(report)
    yield from _times(report["results"])
    if report["counts"]:
        yield from _counts(report["counts"])
    if report["curves"]:
        yield from _curves(report["curves"])
    if report["goals"]:
        yield from _goals(report["goals"])


def _machine(report):
    machine, busy = report["machine"], report["busy"]
    yield (f"One run of {MODES[report['options']['mode']]} on {report['when'][:10]}, {report['seconds'] // 60} minutes and "
           f"{report['seconds'] % 60} seconds: {machine.get('processor')}, {machine.get('cores')} processors"
           f"{', virtual' if machine.get('hypervisor') else ''}, {machine.get('memory_gib')} GiB, Linux {machine.get('kernel')}, "
           f"{machine.get('compiler')} `{str(machine.get('flags')).strip()}`, Boost {machine.get('boost')}, governor "
           f"{machine.get('governor')}.")
    if busy:
        yield (f"Others had {busy['others']:.0%} of the processors' time, {busy['steal']:.0%} was stolen by the hypervisor."
               + (" **So the machine was busy: ratios are worth more than times, and counts more than ratios.**"
                  if busy["others"] + busy["steal"] > 0.05 else ""))


def _times(results):
    yield from ("", "Medians; beside each peer how often corun's figure goes into its own, in brackets where the rounds do not",
                "agree on which is larger. Peers are in the order of what they take.", "", "| | | corun | peers |", "|---|---|---|---|")
    for result in results:
        if "corun" not in result["summary"]:
            continue
        first = tables.drawn(result)
        for key in dict.fromkeys([first, *(key for key in ("create_cpu_ns", "resident_b") if key in result["columns"])]):
            yield _row(result, key)


def _row(result, key):
    medians = {runtime: summary[key]["median"] for runtime, summary in result["summary"].items() if runtime != "corun"}
    said = []
    for runtime in sorted(medians, key=medians.get):
        ratio = tables.times(result["verdicts"].get(runtime, {}).get(key))
        aside = " (aside)" if runtime in catalogue.ASIDES else ""
        said.append(f"{runtime}{aside} {tables.figure(key, medians[runtime])}" + (f", {ratio}" if ratio else ""))
    own = tables.figure(key, result["summary"]["corun"][key]["median"])
    return f"| {result['workload']}, {result['case']} | {tables.HEADINGS.get(key, key)} | **{own}** | {'; '.join(said)} |"


def _counts(counts):
    yield from ("", "Counted, of one operation:", "", f"| | | {' | '.join(UNITS.values())} |", "|---|---|" + "---|" * len(UNITS))
    for result in counts:
        for runtime, found in result["counts"].items():
            cells = [tables.figure("", found[kind]) if kind in found else "" for kind in UNITS]
            yield f"| {result['title']} | {runtime} | " + " | ".join(cells) + " |"


def _curves(curves):
    yield from ("", "Scaling: p of `cost ~ size^p` from 1000 on, and the cost at the smallest and at the largest size:", "",
                "| | | p | from | to |", "|---|---|---|---|---|")
    for result in curves:
        for runtime, points in result["points"].items():
            slope = result["slope"].get(runtime)
            ends = [f"{tables.figure('', point['median'])} at {point['size']:,}" for point in (points[0], points[-1])]
            said = "" if slope is None else f"{slope:.2f}" + (" **superlinear**" if runtime in result["superlinear"] else "")
            if runtime in result.get("work_slope", {}):
                said += f" (instructions: {result['work_slope'][runtime]:.2f})"
            yield f"| {result['grows']} ({result['unit']}) | {runtime} | {said} | {ends[0]} | {ends[1]} |"


def _goals(goals):
    words = {True: "met", False: "**missed**", None: "not measured"}
    yield from ("", "| goal | asked | measured | |", "|---|---|---|---|")
    for goal in goals:
        why = f": {goal['why']}" if goal.get("why") else ""
        yield f"| {goal['goal']} | {goal['asked']} | {tables.goal_figure(goal)} | {words[goal['met']]}{why} |"
