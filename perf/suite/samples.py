"""What several rounds tell: the smallest, the median and the spread, and whether two runtimes can be told apart at all."""

import math
import statistics

CONFIDENCE = 0.93  # five rounds that all agree reach 0.9375
FEWEST = 5


def summary(values):
    """The spread is the whole of it, as a part of the median: with few rounds, quartiles say little."""
    middle = statistics.median(values)
    return {"min": min(values), "median": middle, "max": max(values),
            "spread": (max(values) - min(values)) / middle if middle else 0}


def dropped(rounds):
    """How many of the smallest and of the largest values lie outside of the median's confidence interval."""
    drop, outside = 0, 0.0
    while drop < rounds / 2:
        outside += 2 * math.comb(rounds, drop) / 2 ** rounds
        if outside > 1 - CONFIDENCE:
            break
        drop += 1
    return drop - 1


def interval(values):
    """Where the median lies, without an assumption about how the values are distributed; None with too few of them."""
    drop = dropped(len(values))
    if len(values) < FEWEST or drop < 0:
        return None
    ordered = sorted(values)
    return ordered[drop], ordered[-1 - drop]


def verdict(corun, other):
    """How often corun's figure goes into another's, each round by itself: what disturbs a round disturbs both.

    "more": the other takes more; "less": it takes less; "noise": they cannot be told apart; "few": too few rounds to say."""
    ratios = [b / a for a, b in zip(corun, other) if a]
    if not ratios:
        return None
    found = {"ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}
    within = interval(ratios)
    if within is None:
        return {**found, "verdict": "few"}
    low, high = within
    return {"ratio": found["ratio"], "low": low, "high": high,
            "verdict": "more" if low > 1 else "less" if high < 1 else "noise"}


def slope(points):
    """The exponent p of cost ~ size^p, by least squares over the logarithms."""
    logs = [(math.log(size), math.log(cost)) for size, cost in points if size > 0 and cost > 0]
    if len(logs) < 2:
        return None
    x0, y0 = (statistics.fmean(axis) for axis in zip(*logs))
    return sum((x - x0) * (y - y0) for x, y in logs) / sum((x - x0) ** 2 for x, _ in logs)
