"""spawn_batch with asyncio: a task group is a batch."""

import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from measure import operations, program  # noqa: E402


async def batches(count, size):
    done = 0

    async def child():
        nonlocal done
        done += 1

    for left in range(count, 0, -size):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(left, size)):
                tasks.create_task(child())
    return done


program("spawn_batch", lambda: operations("spawn_batch", "asyncio", lambda count, size: asyncio.run(batches(count, size)),
                                          operations=100_000, size=1000))
