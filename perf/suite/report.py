"""report.json: everything that a run measured.

    {
      "schema": "corun-perf/1",
      "when": "2024-05-01T12:00:00+00:00",
      "machine": {"cores", "processor", "kernel", "load": [1, 5, 15 minutes], "python"},
      "options": {"rounds", "repetitions", "peers": [] for all},
      "workloads": [{"workload", "meaning", "case", "columns": what the table shows,
                     "runs": {runtime: [{"wall_s", "cpu_s", "rss_kib", and the counts} per round]},
                     "median": {runtime: the same keys}, for the runtimes that took part in every round,
                     "skipped": {runtime: why it could not take part},
                     "failed": {runtime: what went wrong}}],
      "costs": [{"cost", "meaning", "parameter": "" if it has none,
                 "runs": {runtime: [nanoseconds of CPU per repetition]}, "median_ns": {runtime: nanoseconds},
                 "failed": {runtime: what went wrong}}],
      "goals": [{"goal", "asked": "≤ 0.25", "measured": a number or null, "met": true, false or null}],
      "broken": {workload or cost: why nothing of it could be measured}
    }

Seconds are wall and CPU time (user and system, all threads) of the work without the process's start.
"""

import datetime
import json
import os
import platform


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        processor = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), "")
    return {"cores": len(os.sched_getaffinity(0)), "processor": processor, "kernel": platform.release(),
            "load": [round(load, 2) for load in os.getloadavg()], "python": platform.python_version()}


def write(path, options, workloads, costs, goals, broken):
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"schema": "corun-perf/1", "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
             "machine": machine(), "options": options,
             "workloads": workloads, "costs": costs, "goals": goals, "broken": broken}
    # Never a half-written report: the new one replaces the old one at once.
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(path)
