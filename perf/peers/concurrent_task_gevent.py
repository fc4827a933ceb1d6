"""concurrent_task with gevent."""

import pathlib
import sys

import gevent

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from measure import Stopwatch, arguments, check, program, report, sleeps  # noqa: E402


def main():
    given = arguments("tasks that sleep and count", tasks=10_000, sleep_ms=1000, random=0)
    counted = 0

    def sleeper(seconds):
        nonlocal counted
        gevent.sleep(seconds)
        counted += 1

    watch = Stopwatch()
    for task in [gevent.spawn(sleeper, seconds) for seconds in sleeps(given)]:
        task.get()  # one by one takes less than joinall, which keeps a set of those that have ended
    spent = watch.elapsed()
    check(counted == given.tasks, f"{counted} of {given.tasks} tasks counted")
    report("concurrent_task", "gevent", spent, tasks=given.tasks, counted=counted)


program("concurrent_task", main)
