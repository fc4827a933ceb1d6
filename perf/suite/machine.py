"""On what it was measured, and how busy that was with other things."""

import contextlib
import ctypes
import json
import mmap
import os
import pathlib
import platform
import resource
import shutil

MADV_GUARD_INSTALL = 102


def _text(path):
    with contextlib.suppress(OSError):
        return pathlib.Path(path).read_text(errors="replace").strip()
    return ""


def build(build_dir):
    """What counts depend on: compiler, Boost, flags and architecture, as CMake wrote them down, and how stacks are guarded."""
    written = {}
    with contextlib.suppress(ValueError):
        written = json.loads(_text(build_dir / "perf/build.json") or "{}")
    return {**written, "guards": guards()}


def guards():
    """The call that guards a stack's end: the cheap one of Linux 6.13, or that which splits a mapping."""
    page = mmap.mmap(-1, mmap.PAGESIZE)
    start = ctypes.c_char.from_buffer(page)
    installed = ctypes.CDLL(None).madvise(ctypes.byref(start), ctypes.c_size_t(mmap.PAGESIZE), MADV_GUARD_INSTALL) == 0
    return "madvise" if installed else "mprotect"


def describe(build_dir):
    processor = next((line.partition(":")[2].strip() for line in _text("/proc/cpuinfo").splitlines()
                      if line.startswith("model name")), platform.machine())
    memory = next((int(line.split()[1]) for line in _text("/proc/meminfo").splitlines() if line.startswith("MemTotal:")), 0)
    return {"cores": len(os.sched_getaffinity(0)), "processor": processor, "kernel": platform.release(),
            "memory_gib": round(memory / (1 << 20), 1),
            "governor": _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "none visible",
            "hypervisor": "hypervisor" in _text("/proc/cpuinfo"), "python": platform.python_version(), **build(build_dir)}


def processors():
    """(for the measured, for a server beside it); None where they cannot be chosen, or where there is only one."""
    there = sorted(os.sched_getaffinity(0))
    if len(there) < 2 or shutil.which("taskset") is None:
        return None, None
    return there[-1], there[0]


class Load:
    """What the machine did since the construction, as parts of all its processors' time."""

    def __init__(self):
        self._start = self._read()

    @staticmethod
    def _read():
        times = [int(word) for word in (_text("/proc/stat").splitlines() or ["cpu"])[0].split()[1:9]]
        own = sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        return times, own

    def since(self):
        (before, own_before), (now, own) = self._start, self._read()
        passed = [b - a for a, b in zip(before, now)]
        whole = sum(passed)
        if len(passed) < 8 or whole <= 0:
            return {}
        busy = (whole - passed[3] - passed[4] - passed[7]) / whole  # but for idle, iowait and steal
        mine = (own - own_before) * os.sysconf("SC_CLK_TCK") / whole
        return {"steal": round(passed[7] / whole, 4), "others": round(max(0.0, busy - mine), 4),
                "load": [round(load, 2) for load in os.getloadavg()]}
