"""Looks up what a report measured, and remembers why something was not."""

import re

from . import catalogue
from .counts import UNITS

LONGER = {"": "./dev perf measures it", "full": "./dev perf --full measures it"}


class Figures:
    """All functions give None where there is no figure; why_not tells the reason for those since the last forget."""

    def __init__(self, whole):
        self._mode = whole["options"]["mode"]
        self._boost = whole["machine"].get("boost", "")
        self._results = {(result["workload"], result["case"]): result for result in whole["results"]}
        self._counts = {result["title"]: result for result in whole["counts"]}
        self._curves = {result["grows"]: result for result in whole["curves"]}
        self._missing = []

    def forget(self):
        self._missing = []

    def why_not(self):
        return next(filter(None, self._missing), "")

    def boost(self):
        """(major, minor)"""
        return tuple(map(int, re.findall(r"\d+", self._boost)[:2]))

    def median(self, workload, case, runtime, key):
        result = self._results.get((workload, case))
        if result is None:
            self._missing.append(self._when_measured(workload, case))
            return None
        if runtime not in result["summary"]:
            self._missing.append(self._said(result, runtime))
            return None
        return result["summary"][runtime][key]["median"]

    def to_best(self, workload, case, key, peers):
        """corun's figure ÷ that of the best of the peers, and words that name it."""
        own = self.median(workload, case, "corun", key)
        others = {peer: figure for peer in peers if (figure := self.median(workload, case, peer, key))}
        if not own or not others:
            return None, "best peer"
        best = min(others, key=others.get)
        return own / others[best], f"best peer ({best})"

    def count(self, title, runtime, kind):
        result = self._counts.get(title)
        found = None if result is None else result["counts"].get(runtime, {}).get(kind)
        if found is None:
            said = {**result["failed"], **result["skipped"]} if result else {}
            whats = runtime, UNITS[kind], "—"
            self._missing.append(next((said[what] for what in whats if what in said), ""))
        return found

    def growth(self, grows):
        """The exponent of corun's curve: of instructions where they were counted, because time grows with what no cache holds."""
        result = self._curves.get(grows)
        slope = None
        if result:
            slope = result["work_slope"].get("corun", result["slope"].get("corun"))
        if slope is None:
            self._missing.append(LONGER[""] if self._mode == "quick" else self._said(result, "corun") if result else "")
        return slope

    def _when_measured(self, workload, title):
        cases = (case for each in catalogue.WORKLOADS if each.name == workload for case in each.cases)
        modes = next((case.modes for case in cases if case.title == title), ())
        return next((words for mode, words in LONGER.items() if self._mode not in modes and mode in modes), "")

    @staticmethod
    def _said(result, runtime):
        return next((f"{name}: {said[name]}" if name == runtime else said[name]
                     for said in (result["failed"], result["skipped"]) for name in (runtime, "—") if name in said), "")


def ratio(figure, other):
    return figure / other if figure and other else None
