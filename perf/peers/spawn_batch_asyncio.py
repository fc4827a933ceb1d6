"""spawn_batch with asyncio: a task group is a batch."""

import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from measure import check, operations, program  # noqa: E402


async def batches(count, size, waits):
    done = begun = batch = 0

    async def child():
        nonlocal done, begun
        begun += 1
        if waits:
            await asyncio.sleep(0)
            check(begun == batch, "a child ended before all of its batch had begun")
        done += 1

    for left in range(count, 0, -size):
        begun, batch = 0, min(left, size)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(batch):
                tasks.create_task(child())
    return done


program("spawn_batch", lambda: operations("spawn_batch", "asyncio", lambda *given: asyncio.run(batches(*given)),
                                          operations=100_000, size=1000, waits=0))
