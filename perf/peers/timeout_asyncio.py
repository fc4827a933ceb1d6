"""timeout with asyncio."""

import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from measure import operations, program  # noqa: E402


async def timeouts(count, size):
    done = 0
    left = count

    async def work():
        nonlocal done, left
        while left > 0:
            left -= 1
            async with asyncio.timeout(3600):
                await asyncio.sleep(0)
            done += 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(size):
            tasks.create_task(work())
    return done


program("timeout", lambda: operations("timeout", "asyncio", lambda count, size: asyncio.run(timeouts(count, size)),
                                      operations=100_000, size=100))
