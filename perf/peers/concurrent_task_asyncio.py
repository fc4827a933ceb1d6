"""concurrent_task with asyncio."""

import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from measure import Stopwatch, arguments, check, program, report, sleeps  # noqa: E402


async def count(given):
    counted = 0

    async def sleeper(seconds):
        nonlocal counted
        await asyncio.sleep(seconds)
        counted += 1

    async with asyncio.TaskGroup() as tasks:
        for seconds in sleeps(given):
            tasks.create_task(sleeper(seconds))
    return counted


def main():
    given = arguments("tasks that sleep and count", tasks=10_000, sleep_ms=1000, random=0)
    watch = Stopwatch()
    counted = asyncio.run(count(given))
    spent = watch.elapsed()
    check(counted == given.tasks, f"{counted} of {given.tasks} tasks counted")
    report("concurrent_task", "asyncio", spent, tasks=given.tasks, counted=counted)


program("concurrent_task", main)
