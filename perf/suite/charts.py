"""Charts as plain SVG: bars with the spread drawn over them, lines over a growing size, and an overview of all. They take their
colours from the page, so that the dark mode is the page's affair; every figure in a chart is also in the table under it."""

import html
import math

from .tables import HEADINGS, figure

WIDTH = 400  # of a phone, so that its text is as large as the page's
LEFT, RIGHT = 112, 58  # room for names, and for figures
ROW = 26
ENDS = 84  # room for the lines' names


def bars(result, key):
    """A bar up to the median of each runtime, a line from the smallest to the largest of its rounds; logarithmic where they differ
    a lot."""
    summaries = {runtime: summary[key] for runtime, summary in result["summary"].items() if key in summary}
    positive = [value for each in summaries.values() for value in (each["min"], each["max"]) if value > 0]
    if not positive:
        return ""
    logarithmic = max(positive) > 30 * min(positive)
    scale = _scale(0 if not logarithmic else min(positive) / 3, max(positive), LEFT, WIDTH - RIGHT, logarithmic)
    parts = [_text(LEFT, 14, HEADINGS.get(key, key) + (", logarithmic" if logarithmic else ""), "note")]
    for number, (runtime, each) in enumerate(summaries.items()):
        y = 24 + number * ROW
        end, low, high = (scale(each[name]) for name in ("median", "min", "max"))
        parts.append(_text(LEFT - 8, y + 14, runtime, "name", "end"))
        parts.append(f'<rect class="{"own" if runtime == "corun" else "peer"}" x="{LEFT}" y="{y + 3}" '
                     f'width="{max(end - LEFT, 1):.1f}" height="{ROW - 10}" rx="2"/>')
        parts.append(f'<path class="spread" d="M{low:.1f} {y + 11}H{high:.1f}M{low:.1f} {y + 7}v8M{high:.1f} {y + 7}v8"/>')
        parts.append(_text(max(end, high) + 6, y + 15, figure(key, each["median"]), "figure"))
    return _svg(30 + len(summaries) * ROW, parts, f"{result['workload']}, {result['case']}: {HEADINGS.get(key, key)}")


def overview(rows):
    """For each (title, best peer, ratio, low, high, kind): how often corun's cost goes into that of the best peer, around a line at
    1."""
    reach = max([2.0, *(max(high, 1 / low) for _, _, _, low, high, _ in rows if low > 0)]) * 1.05
    left, right, row = 8, WIDTH - 8, 38
    across = _scale(1 / reach, reach, left, right, True)
    height = 24 + row * len(rows)
    parts = [_text(across(1) - 6, 14, "← corun takes more", "note", "end"), _text(across(1) + 6, 14, "corun takes less →", "note")]
    parts.append(f'<path class="spread" d="M{across(1):.1f} 2v14"/>')
    for number, (title, peer, ratio, low, high, kind) in enumerate(rows):
        y = 24 + number * row
        start, end = sorted((across(1), across(ratio)))
        parts.append(f'<rect class="{kind}" x="{start:.1f}" y="{y + 18}" width="{max(end - start, 1):.1f}" height="10" rx="2"/>')
        parts.append(f'<path class="spread" d="M{across(low):.1f} {y + 23}H{across(high):.1f}M{across(1):.1f} {y + 15}v16"/>')
        parts.append(_text(left, y + 14, title, "name"))
        parts.append(_text(right, y + 14, f"{ratio:.2f} × {peer}", "figure", "end"))
    return _svg(height, parts, "overview: the best peer's cost beside corun's")


def curve(result):
    """The cost of one over the size, both logarithmic; the smallest and the largest of the rounds as a line at each point."""
    points = [point for each in result["points"].values() for point in each]
    values = [value for point in points for value in (point["min"], point["max"]) if value > 0]
    if not values:
        return ""
    height, bottom, left, right = 250, 216, 48, WIDTH - ENDS
    across = _scale(min(point["size"] for point in points), max(2, *(point["size"] for point in points)), left, right, True)
    up = _scale(min(values), max(values) * 1.0001, bottom, 20, True)
    parts = [_text(4, 14, f"{result['unit']} of one", "note")]
    for size in sorted({point["size"] for point in points}):
        parts.append(f'<path class="grid" d="M{across(size):.1f} 20V{bottom}"/>')
        parts.append(_text(across(size), bottom + 18, _short(size), "figure", "middle"))
    for value in _marks(min(values), max(values)):
        parts.append(f'<path class="grid" d="M{left} {up(value):.1f}H{right}"/>')
        parts.append(_text(left - 6, up(value) + 4, _short(value), "figure", "end"))
    ends = []
    for number, (runtime, each) in enumerate(result["points"].items()):
        line = " ".join(f"{across(point['size']):.1f},{up(max(point['median'], min(values))):.1f}" for point in each)
        colour = f"colour{0 if runtime == 'corun' else 1 + (number - 1) % 5}"
        parts.append(f'<polyline class="line {colour}" points="{line}"/>')
        for point in each:
            x, low, high = across(point["size"]), up(max(point["min"], min(values))), up(point["max"])
            parts.append(f'<path class="line {colour}" d="M{x:.1f} {low:.1f}V{high:.1f}"/>')
        ends.append((up(max(each[-1]["median"], min(values))), across(each[-1]["size"]), runtime, colour))
    parts += _labels(ends)
    return _svg(height, parts, f"{result['grows']}: cost of one")


def _labels(ends):
    """The lines' names at their ends, moved apart where they would cover each other."""
    lowest = 0.0
    for y, x, runtime, colour in sorted(ends):
        lowest = max(y, lowest + 15)
        yield _text(x + 6, lowest + 4, runtime, f"name {colour}")


def _scale(low, high, start, end, logarithmic):
    """A function from a value to its place."""
    of = (lambda value: math.log(max(value, low))) if logarithmic else float
    first, span = of(low), (of(high) - of(low)) or 1
    return lambda value: start + (of(value) - first) / span * (end - start)


def _marks(low, high):
    """Round values between the two: powers of ten, and where these are few, 2 and 5 times them."""
    tens = [10.0 ** exponent for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    steps = (1, 2, 5) if high < 100 * low else (1,)
    return [ten * step for ten in tens for step in steps if low <= ten * step <= high]


def _short(value):
    for limit, unit in (1_000_000, "M"), (1000, "k"):
        if value >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:g}"


def _text(x, y, words, kind, anchor="start"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(str(words))}</text>'


def _svg(height, parts, title):
    return (f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{html.escape(title, quote=True)}">'
            + "".join(parts) + "</svg>")
