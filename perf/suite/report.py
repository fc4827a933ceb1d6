"""report.json: everything that a run measured.

    {
      "schema": "corun-perf/2",
      "when": "2024-05-01T12:00:00+00:00", "seconds": how long the run took,
      "machine": {"cores", "processor", "kernel", "memory_gib", "governor", "hypervisor", "python", "compiler", "boost", "arch",
                  "flags", "guards": "madvise" or "mprotect"},
      "busy": {"steal", "others": parts of all processors' time during the run, "load": [1, 5, 15 minutes]},
      "options": {"mode": "quick", "" or "full", "rounds", "peers": [] for all, "names"},
      "results": [{"workload", "meaning", "case", "columns": what the table shows, "drawn": "" for CPU time, or the column,
                   "remark": what has to be known to read its figures, or "",
                   "runs": {runtime: [{"wall_s", "cpu_s", "op_ns", ... and the counts, per round]},
                   "summary": {runtime: {key: {"min", "median", "max", "spread": (max - min) / median}}},
                   "verdicts": {runtime: {key: {"ratio": to corun's, median of the rounds', "low", "high",
                                                "verdict": "more", "less", "noise" or "few"}}},
                   "skipped": {runtime: why it could not take part},
                   "failed": {runtime: what went wrong}}],
      "counts": [{"workload", "title", "guarded": is it compared with baseline.json, "counts": {runtime: {kind: of one operation}},
                  "skipped", "failed"}],
      "curves": [{"workload", "grows", "unit", "points": {runtime: [{"size", "min", "median", "max"}]},
                  "slope": {runtime: p of cost ~ size^p, from 1000 on}, "work_slope": {runtime: of instructions, where counted},
                  "superlinear": [runtime whose p is above 0.25, and not for memory alone], "skipped", "failed"}],
      "goals": [{"goal", "asked": "≤ 0.25", "measured": a number or null, "met": true, false or null,
                 "why": it was not measured, or ""}],
      "broken": {workload: why nothing of it could be measured}
    }

wall_s and cpu_s are seconds of wall and CPU time (user and system, all threads) of the work, without the process's start; op_ns and
op_cpu_ns are the same of one operation, create_cpu_ns and end_cpu_ns the CPU time of parts of it, in nanoseconds; resident_b is the
resident memory of one, in bytes; rss_kib is the most memory that the process had resident.
Verdicts compare the rounds one by one: "more" and "less" are given where the confidence interval of the ratio's median (by order
statistics, at least 93 %) is all on one side of 1; "noise" where it is not, "few" where there are less than five rounds.
"""

import json

SCHEMA = "corun-perf/2"


class Unreadable(Exception):
    """A report cannot be used; the text is one line for people."""


class Unwritable(Exception):
    """A report cannot be written; the text is one line for people."""


def write(path, whole):
    write_text(path, json.dumps({"schema": SCHEMA, **whole}, indent=1, ensure_ascii=False) + "\n")


def write_text(path, text):
    """Never a half-written file: the new one replaces the old one at once. Raises Unwritable."""
    unfinished = path.with_suffix(".unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise Unwritable(f"{path} cannot be written: {error.strerror}") from None


def check_place(path):
    """Makes its folder. Raises Unwritable where a report cannot be, before anybody measures for an hour."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_folder = path.is_dir()
    except OSError as error:
        raise Unwritable(f"{path} cannot be written: {error.strerror}") from None
    if is_folder:
        raise Unwritable(f"{path} cannot be written: it is a folder")
    probe = path.with_suffix(".probe")
    write_text(probe, "")
    probe.unlink()


def read(path):
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    except ValueError:
        raise Unreadable(f"{path} is not JSON") from None
    schema = whole.get("schema") if isinstance(whole, dict) else None
    if schema != SCHEMA:
        raise Unreadable(f"{path} has the schema {schema!r}; this reads {SCHEMA!r}")
    return whole
