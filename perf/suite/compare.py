"""A report beside an older one: which of corun's figures have changed by more than the noise.

The peers were measured in both: what made them slower or faster, the machine did, and it is taken out of corun's change."""

import statistics

from . import samples
from .baseline import LEAST, TOLERANCE

KEYS = "op_cpu_ns", "cpu_s", "create_cpu_ns", "end_cpu_ns", "resident_b"


def changes(old, new):
    """[{"what", "old", "new", "change": new ÷ old without the machine's part, "verdict": "slower", "faster", "noise", "few"}]"""
    before = {(result["workload"], result["case"]): result for result in old["results"]}
    found = []
    for result in new["results"]:
        reference = before.get((result["workload"], result["case"]))
        if reference and "corun" in reference["summary"] and "corun" in result["summary"]:
            for key in KEYS:
                if key in reference["summary"]["corun"] and key in result["summary"]["corun"]:
                    found.append(_change(reference, result, key))
    return found + list(_counts(old, new))


def machines_part(old, new, key):
    """How much slower the peers have become: the least, the median and the most that their rounds allow."""
    parts = []
    for peer in set(new["summary"]) & set(old["summary"]) - {"corun"}:
        before, after = (report["summary"][peer].get(key) for report in (old, new))
        if key != "resident_b" and before and after and before["min"] > 0:
            parts.append((after["min"] / before["max"], after["median"] / before["median"], after["max"] / before["min"]))
    return [statistics.median(each) for each in zip(*parts)] if parts else [1.0] * 3


def _change(old, new, key):
    least, part, most = machines_part(old, new, key)
    values = [[run[key] for run in report["runs"]["corun"]] for report in (old, new)]
    medians = [statistics.median(each) for each in values]
    change = medians[1] / medians[0] / part if medians[0] and part else 1.0
    found = {"what": f"{new['workload']}, {new['case']}: {key}", "old": medians[0], "new": medians[1], "change": change}
    intervals = [samples.interval(each) for each in values]
    if None in intervals:
        return {**found, "verdict": "few"}
    (old_low, old_high), (new_low, new_high) = intervals
    apart = new_low > old_high * most or new_high < old_low * least
    if not apart or abs(change - 1) <= TOLERANCE:
        return {**found, "verdict": "noise"}
    return {**found, "verdict": "slower" if change > 1 else "faster"}


def _counts(old, new):
    before = {result["title"]: result["counts"].get("corun", {}) for result in old["counts"]}
    for result in new["counts"]:
        for kind, value in result["counts"].get("corun", {}).items():
            reference = before.get(result["title"], {}).get(kind)
            if reference is None:
                continue
            within = abs(value - reference) <= max(TOLERANCE * reference, LEAST)
            verdict = "noise" if within else "slower" if value > reference else "faster"
            yield {"what": f"{result['title']}: {kind}", "old": reference, "new": value,
                   "change": value / reference if reference else float(value > 0) + 1, "verdict": verdict}


def lines(found, old, new):
    yield f"compared with the run of {old['when']}"
    differing = [key for key in ("processor", "cores", "kernel", "compiler", "boost", "flags")
                 if old["machine"].get(key) != new["machine"].get(key)]
    if differing:
        yield f"  not the same machine or build: {', '.join(differing)} differ"
    for verdict in "slower", "faster":
        for each in (each for each in found if each["verdict"] == verdict):
            word = "MORE" if verdict == "slower" else "less"
            yield f"  {word}: {each['what']}: {each['old']:.4g} → {each['new']:.4g} ({each['change'] - 1:+.1%})"
    rest = sum(each["verdict"] == "noise" for each in found)
    few = sum(each["verdict"] == "few" for each in found)
    yield f"  {rest} figures differ by no more than the noise" + (f"; {few} have too few rounds to say" if few else "")
