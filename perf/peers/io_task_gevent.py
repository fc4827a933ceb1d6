"""io_task with gevent: each write runs on its thread pool, as gevent does for files on disk."""

import os
import pathlib
import signal
import sys
import tempfile

import gevent
from gevent import threadpool

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from measure import Failure, Stopwatch, arguments, check, program, report  # noqa: E402


interrupted = False


def interrupt():
    global interrupted
    interrupted = True


def write_file(pool, path, writes, content):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(writes):
            rest = content
            while rest:
                check(not interrupted, "interrupted")
                rest = rest[pool.apply(os.write, (descriptor, rest)):]
    finally:
        os.close(descriptor)


def main():
    given = arguments("files written in blocks, in a temporary folder",
                      files=100, writes=100, block=32 * 1024, folder=tempfile.gettempdir())
    content = memoryview(b"c" * given.block)
    with tempfile.TemporaryDirectory(prefix="corun-perf-", dir=given.folder) as folder:
        paths = [os.path.join(folder, f"file-{index}") for index in range(given.files)]
        watch = Stopwatch()
        pool = threadpool.ThreadPool(os.cpu_count())
        tasks = [gevent.spawn(write_file, pool, path, given.writes, content) for path in paths]
        try:
            gevent.joinall(tasks, raise_error=True)
        except OSError as error:
            raise Failure(f"cannot write in {given.folder}: {error.strerror}") from None
        finally:
            gevent.killall(tasks)
            pool.kill()
        spent = watch.elapsed()
        sizes = [os.path.getsize(path) for path in paths]
    check(all(size == given.writes * given.block for size in sizes), f"the files have sizes {sorted(set(sizes))}")
    report("io_task", "gevent", spent, files=given.files, writes=given.files * given.writes, bytes=sum(sizes))


# main reports failures; the hub would print a traceback of its own for each.
gevent.get_hub().NOT_ERROR += (OSError, Failure)
# With the loops that look at `interrupted` the folder is removed, whichever way the user ends the program.
for number in signal.SIGINT, signal.SIGTERM:
    gevent.signal_handler(number, interrupt)
program("io_task", main)
