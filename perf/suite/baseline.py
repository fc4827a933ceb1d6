"""The committed counts, perf/baseline.json, and whether corun's differ from them.

    {"schema": "corun-perf-baseline/1",
     "baselines": [{"compiler", "boost", "arch", "flags", "guards", "counts": {title: {kind: of one operation}}}]}

Counts depend on the compiler, on Boost, and on whether the kernel can guard a stack without a mapping of its own for that, so there
is a baseline for each that is looked after; without one nothing is compared."""

import json
import pathlib

PATH = pathlib.Path(__file__).parent.parent / "baseline.json"
KEYS = "compiler", "boost", "arch", "flags", "guards"
TOLERANCE = 0.03
LEAST = 0.002  # of one operation: what a program does once, divided by the operations, may wander that far
ACCEPT = "./dev perf --accept-counts"


def load(path):
    if not path.exists():
        return []
    return json.loads(path.read_text(encoding="utf-8"))["baselines"]


def matching(baselines, build):
    return next((each for each in baselines if all(each.get(key) == build.get(key) for key in KEYS)), None)


def of_corun(results):
    """By title; that of a variant of corun's has its name behind it."""
    return {result["title"] + ("" if runtime == "corun" else f" ({runtime})"): found
            for result in results for runtime, found in result["counts"].items() if runtime.startswith("corun") and found}


def differences(baseline, counts):
    """Lines for people: what has changed by more than the tolerance, in either direction, and what is missing."""
    for title, kinds in baseline.items():
        for kind, old in kinds.items():
            new = counts.get(title, {}).get(kind)
            what = f"{title}: {kind.replace('_', ' ')} of one operation"
            if new is None:
                yield f"{what}: {old:g} in the baseline, and not counted now"
            elif abs(new - old) > max(TOLERANCE * old, LEAST):
                change = f"{(new - old) / old:+.1%}" if old else "there were none"
                yield f"{what}: {old:g} in the baseline, {new:g} now ({change})"
    for title, kinds in counts.items():
        for kind in kinds:
            if kind not in baseline.get(title, {}):
                yield f"{title}: {kind.replace('_', ' ')} of one operation: {kinds[kind]:g} now, and not in the baseline"


def accept(build, counts, path):
    """Makes these the baseline for this build; those of others stay, but not one that lacks a key: no build can match it."""
    kept = [each for each in load(path) if matching([each], build) is None and all(key in each for key in KEYS)]
    added = {**{key: build.get(key) for key in KEYS}, "counts": counts}
    ordered = sorted([*kept, added], key=lambda each: [str(each[key]) for key in KEYS])
    whole = {"schema": "corun-perf-baseline/1", "baselines": ordered}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def check(build, results, path):
    """(exit status, lines): 0 alike, 1 changed, 77 nothing to compare with, which ctest takes as skipped."""
    described = ", ".join(str(build.get(key)) for key in KEYS)
    failed = [f"{result['title']}: {runtime} failed: {why}" for result in results for runtime, why in result["failed"].items()]
    if failed:
        return 1, failed
    baseline = matching(load(path), build)
    if baseline is None:
        return 77, [f"skipped: {path.name} has no counts for {described}; to add them: {ACCEPT}"]
    skipped = {f"skipped: {what}: {why}" for result in results for what, why in result["skipped"].items()}
    if skipped:
        return 77, sorted(skipped)
    changed = list(differences(baseline["counts"], of_corun(results)))
    if changed:
        return 1, [*changed, f"more than {TOLERANCE:.0%}, or another set of counts. If this is meant to be, accept it: {ACCEPT}, "
                             f"and commit {path.name}. Less fails too: accepted, it cannot be lost again unseen."]
    return 0, [f"counts are those of the baseline for {described}"]
