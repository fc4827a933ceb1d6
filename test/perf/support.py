"""What the tests of the runner share: its modules, and programs that pretend to be the suite's."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "perf"))


class Quiet:
    """Progress that nobody sees, and whose time is never up."""

    def __init__(self, late=False):
        self.is_late = late

    def say(self, line):
        pass

    def took(self, what, seconds):
        pass

    def plan(self, what, times):
        pass

    def share(self, weight, whole):
        pass

    def allows(self, seconds, stretch=1.0):
        return not self.is_late

    def at_most(self, seconds):
        return seconds

    def late(self):
        return self.is_late


def is_gone(pid):
    """Has the process ended? One that nobody has waited for yet has."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def program(folder, name, script):
    """A program of the suite, as a shell script that prints its line."""
    path = folder / "perf" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def result(corun, **peers):
    """A result with one column, from the rounds of each runtime."""
    from suite import catalogue, rounds
    workload = catalogue.Workload("work", "does something", ("corun", *peers), (catalogue.Case("much"),), columns=("cpu_s",))
    made = {"workload": "work", "meaning": workload.meaning, "case": "much", "columns": workload.columns, "summary": {},
            "verdicts": {}, "skipped": {}, "failed": {},
            "runs": {name: [{"cpu_s": value} for value in values] for name, values in {"corun": corun, **peers}.items()}}
    rounds.evaluate(workload, made)
    return made


def report(results, counts=(), curves=()):
    return {"when": "2024-05-01T12:00:00+00:00", "seconds": 1, "machine": {"processor": "<any>", "cores": 2},
            "busy": {"steal": 0.1, "others": 0.2, "load": [1, 1, 1]},
            "options": {"mode": "", "rounds": 5, "peers": [], "names": []},
            "results": results, "counts": list(counts), "curves": list(curves),
            "goals": [{"goal": "g", "asked": "≤ 1", "measured": None, "met": None}], "broken": {"lost": "a reason"}}
