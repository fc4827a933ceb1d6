"""Child processes that end when they should: each has a time limit, and none survives the runner."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time


class Failed(Exception):
    """A program did not do its work; the text is one line for people."""


class TookTooLong(Failed):
    """It was ended at its time limit."""


class Unavailable(Failed):
    """It said that this system does not offer what it needs."""


UNAVAILABLE = 77


def end(child):
    """Ends a child and whatever it started, politely at first, so that it can clean up."""
    for number, patience in (signal.SIGTERM, 3), (signal.SIGKILL, 10):
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(patience)


@contextlib.contextmanager
def started(command, **options):
    """The running child; it has a process group of its own, so that ctrl-C reaches the runner alone."""
    try:
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 text=True, errors="replace", start_new_session=True, **options)
    except OSError as error:
        raise Failed(f"cannot start {command[0]}: {error.strerror}") from None
    try:
        yield child
    finally:
        end(child)
        for stream in filter(None, (child.stdout, child.stderr)):
            stream.close()


def output(command, seconds, **options):
    """What the command prints. Raises Failed if it fails or takes longer."""
    return outputs([(command, options)], seconds)[0]


def outputs(runs, seconds):
    """What several commands print, each given as (command, options of Popen), that run at the same time."""
    until = time.monotonic() + seconds
    with contextlib.ExitStack() as running:
        there = [running.enter_context(started(command, stderr=subprocess.PIPE, **options)) for command, options in runs]
        return [_said(child, until - time.monotonic(), seconds) for child in there]


def _said(child, left, limit):
    try:
        out, err = child.communicate(timeout=max(0.0, left))
    except subprocess.TimeoutExpired:
        end(child)
        child.communicate()
        raise TookTooLong(f"took longer than {limit:.0f} s") from None
    if child.returncode != 0:
        lines = err.strip().splitlines()
        kind = Unavailable if child.returncode == UNAVAILABLE else Failed
        raise kind(lines[-1] if lines else f"ended with status {child.returncode}")
    return out


@contextlib.contextmanager
def web_server(program, processor=None, seconds=10):
    """Runs the web server on a free port of the loopback, and on that processor, and gives the port."""
    # Its complaints go to the user's terminal: a pipe that nobody reads would fill.
    pinned = [] if processor is None else ["taskset", "-c", processor]
    with started([*pinned, program, "--host", "127.0.0.1", "--port", "0"]) as server:
        impatience = threading.Timer(seconds, end, [server])
        impatience.start()
        try:
            for line in server.stdout:
                if listening := re.match(r"listening at .*:(\d+)\s*$", line):
                    break
            else:
                raise Failed(f"{program.name} did not start listening")
        finally:
            impatience.cancel()
        threading.Thread(target=server.stdout.read, daemon=True).start()
        yield int(listening[1])
        if server.poll() is not None:
            raise Failed(f"{program.name} ended while it was still needed, with status {server.returncode}")
