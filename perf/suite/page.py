"""report.html: one file without scripts, fonts or pictures from elsewhere, for wide and narrow, bright and dark screens."""

from html import escape

from . import catalogue, charts, tables
from .counts import UNITS

STYLE = """
:root{--back:#fff;--text:#1b1f24;--soft:#667;--rule:#d8dce2;--own:#0a66c2;--peer:#b4bcc8;--bad:#b3261e;--good:#1a7f37;
--l1:#c2410c;--l2:#15803d;--l3:#7e22ce;--l4:#a16207;--l5:#0e7490;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--back:#14171b;--text:#e4e7eb;--soft:#98a1ae;--rule:#333a44;--own:#58a6ff;--peer:#566070;
--bad:#ff8a80;--good:#56d364;--l1:#fb923c;--l2:#4ade80;--l3:#c084fc;--l4:#facc15;--l5:#22d3ee}}
body{background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
h2{margin:2.5rem 0 .2rem;border-top:1px solid var(--rule);padding-top:1rem}h3{margin:1.5rem 0 .2rem;font-size:1rem}
p{margin:.3rem 0}.soft{color:var(--soft)}.bad{color:var(--bad)}.good{color:var(--good)}
svg{width:100%;max-width:34rem;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:var(--text)}
svg .note,svg .figure{fill:var(--soft)}.own{fill:var(--own)}.peer{fill:var(--peer)}.grid{stroke:var(--rule);fill:none}
.spread{stroke:var(--text);fill:none;stroke-width:1.2}
.line{fill:none;stroke-width:2}.colour0{stroke:var(--own)}.line.colour0{stroke-width:3}
.colour1{stroke:var(--l1)}.colour2{stroke:var(--l2)}.colour3{stroke:var(--l3)}
.colour4{stroke:var(--l4)}.colour5{stroke:var(--l5)}
svg text.name{stroke:none}svg text.colour0{fill:var(--own)}svg text.colour1{fill:var(--l1)}svg text.colour2{fill:var(--l2)}
svg text.colour3{fill:var(--l3)}svg text.colour4{fill:var(--l4)}svg text.colour5{fill:var(--l5)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.15rem .6rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child{text-align:left}
nav a{display:inline-block;margin:.1rem .8rem .1rem 0;padding:.15rem 0}a{color:var(--own)}
html{-webkit-text-size-adjust:100%}rect.more{fill:var(--good)}rect.less{fill:var(--bad)}rect.noise,rect.few{fill:var(--peer)}
th:first-child,td:first-child{position:sticky;left:0;background:var(--back)}.told td{text-align:left;white-space:normal}
@media(max-width:40rem){th:first-child,td:first-child{white-space:normal;min-width:6rem}th,td{padding:.15rem .4rem}}
"""

METHOD = """The runtimes alternate within each round, and each round begins with another one. A figure is the median of the rounds;
the spread is the difference of the largest and the smallest, as a part of it, and is drawn over each bar. ÷ corun is the median of
the rounds' ratios, above 1 where the peer takes more. Brackets: the rounds do not agree, at a confidence of 93 %, on which takes
more; then the two are not ranked. CPU time is user and system time of all threads. Each program checks that the work was done, and
prints counts that are compared. What runs on one thread is pinned to one processor, and a server beside it to another. Counts are
those of many operations less those of few, divided by the difference: nothing that a program does once is in them."""


OVERVIEW = """Of each workload the peer that takes the least: its cost (mostly CPU time) as a multiple of corun's. Green: corun
takes less; red: it takes more; grey: too noisy, or too few rounds, to tell."""
WORDS = {"more": ("corun takes less", "good"), "less": ("corun takes more", "bad"), "noise": "too noisy to tell",
         "few": "too few rounds to tell"}


def table(rows, first_header=True, kind="wide"):
    """Rows of cells; a cell may be (text, class)."""
    def cell(content, tag):
        text, kind = content if isinstance(content, tuple) else (content, "")
        return f"<{tag}{f' class={kind}' if kind else ''}>{escape(text)}</{tag}>"
    body = "".join("<tr>" + "".join(cell(each, "th" if first_header and number == 0 else "td") for each in row) + "</tr>"
                   for number, row in enumerate(rows))
    return f'<div class="{kind}"><table>{body}</table></div>'


def paragraph(words, kind="soft"):
    return f'<p class="{kind}">{escape(words.strip())}</p>'


def workload(result):
    rows = [["runtime"]]
    columns = list(dict.fromkeys([tables.drawn(result), *result["columns"]]))  # a phone shows the first without scrolling
    for key in columns:
        rows[0] += [tables.HEADINGS.get(key, key), "min", "spread"] + (["÷ corun"] if key in tables.COMPARED else [])
    for runtime, summary in result["summary"].items():
        row = [runtime]
        for key in columns:
            each = summary[key]
            row += [tables.figure(key, each["median"]), tables.figure(key, each["min"]), f"{each['spread']:.0%}"]
            if key in tables.COMPARED:
                row.append(tables.times(result["verdicts"].get(runtime, {}).get(key)))
        rows.append(row)
    shown = [key for key in columns if key in (tables.drawn(result), "resident_b", "create_cpu_ns")]
    drawings = "".join(charts.bars(result, key) for key in shown)
    asides = [f"{runtime}: {catalogue.ASIDES[runtime]}" for runtime in result["summary"] if runtime in catalogue.ASIDES]
    said = [*tables.undecided(result), *asides, *filter(None, [result.get("remark")]), *tables.notes(result)]
    return f"<h3>{escape(result['case'])}</h3>{drawings}{table(rows)}" + "".join(map(paragraph, said))


def curve(result):
    sizes = sorted({point["size"] for points in result["points"].values() for point in points})
    rows = [["runtime", *(f"{size:,}" for size in sizes), "~ size^"]]
    for runtime, points in result["points"].items():
        there = {point["size"]: tables.figure("", point["median"]) for point in points}
        slope = result["slope"].get(runtime)
        text = "" if slope is None else f"{slope:.2f}"
        rows.append([runtime, *(there.get(size, "") for size in sizes),
                     (f"{text} superlinear", "bad") if runtime in result["superlinear"] else text])
    return (f"<h3>{escape(result['grows'])} <span class=soft>({escape(result['workload'])}, {escape(result['unit'])})</span></h3>"
            + charts.curve(result) + table(rows) + "".join(map(paragraph, (*tables.work(result), *tables.notes(result)))))


def counted(results):
    rows = [["operation", "runtime", *UNITS.values()]]
    for result in results:
        for runtime, found in result["counts"].items():
            rows.append([result["title"], runtime, *(tables.figure("", found[kind]) if kind in found else "" for kind in UNITS)])
    said = [f"{result['title']}: {line.strip()}" for result in results for line in tables.notes(result)]
    return table(rows) + "".join(map(paragraph, said))


def overview(results):
    """Each case beside the best of its peers, by the column that is drawn."""
    rows, cells = [], [["", "best peer", "its cost ÷ corun's", "of the rounds", ""]]
    for result in results:
        key = tables.drawn(result)
        known = {runtime: verdicts[key] for runtime, verdicts in result["verdicts"].items() if verdicts.get(key, {}).get("ratio")}
        if not known:
            continue
        peer = min(known, key=lambda runtime: known[runtime]["ratio"])
        each = known[peer]
        title = f"{result['workload']}, {result['case']}"
        rows.append((title, peer, each["ratio"], each["low"], each["high"], each["verdict"]))
        cells.append([title, peer, f"{each['ratio']:.2f} ×", f"{each['low']:.2f} to {each['high']:.2f}", WORDS[each["verdict"]]])
    if not rows:
        return ""
    return paragraph(OVERVIEW) + charts.overview(rows) + f"<details><summary>as a table</summary>{table(cells)}</details>"


def goals(evaluated):
    words = {True: ("met", "good"), False: ("missed", "bad"), None: "not measured"}
    return table([["goal", "asked", "measured", ""]] + [
        [goal["goal"], goal["asked"], tables.goal_figure(goal),
         f"{words[None]}: {goal['why']}" if goal.get("why") else words[goal["met"]]] for goal in evaluated], kind="told")


def told(key, value):
    """A fact about the machine or the run, in words."""
    if key in ("steal", "others"):
        return f"{value:.1%} of the processors' time"
    if key == "mode":
        return value or "default"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "all"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def whole(report):
    """The page of a report as described in report.py."""
    sections = {}
    if compared := overview(report["results"]):
        sections["overview"] = compared
    for result in report["results"]:
        name = result["workload"]
        sections.setdefault(name, paragraph(result["meaning"]))
        sections[name] += workload(result)
    for name, why in report["broken"].items():
        sections[name] = sections.get(name, "") + paragraph(f"not measured: {why}", "bad")
    if report["curves"]:
        drawn = "".join(map(curve, report["curves"]))
        sections["scaling"] = paragraph("What one operation costs as something grows; flat is good.") + drawn
    if report["counts"]:
        sections["counts"] = paragraph("The same on a busy machine as on a quiet one.") + counted(report["counts"])
    if report["goals"]:
        sections["goals"] = goals(report["goals"])
    described = [[key.replace("_", " "), told(key, value)]
                 for key, value in {**report["machine"], **report["busy"], **report["options"]}.items()]
    sections["method and machine"] = f"<p>{escape(METHOD)}</p>" + table(described, first_header=False, kind="told")
    links = "".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in sections)
    bodies = "".join(f'<h2 id="{escape(name)}">{escape(name)}</h2>{body}' for name, body in sections.items())
    busy = report["busy"]
    warning = (paragraph(f"The machine was busy with other things for {busy['others']:.0%} of its time, and {busy['steal']:.0%} "
                         "was stolen: times are worth less than ratios, and ratios less than counts.", "bad")
               if busy and busy["others"] + busy["steal"] > 0.05 else "")
    return ('<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>corun: performance</title><style>{STYLE}</style></head><body><h1>corun: performance</h1>"
            f"<p class=soft>{escape(report['when'])}, {escape(report['machine'].get('processor', ''))}</p>{warning}"
            f"<nav>{links}</nav>{bodies}</body></html>\n")
