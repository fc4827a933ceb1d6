"""cancellation with asyncio."""

import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from measure import operations, program  # noqa: E402


async def batches(count, size):
    done = 0

    async def sleeper():
        nonlocal done
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            done += 1
            raise

    for left in range(count, 0, -size):
        tasks = [asyncio.create_task(sleeper()) for _ in range(min(left, size))]
        await asyncio.sleep(0)  # all of them sleep
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return done


program("cancellation", lambda: operations("cancellation", "asyncio", lambda count, size: asyncio.run(batches(count, size)),
                                     operations=100_000, size=1000))
