"""Measures a server of HTTP: starts it, loads it with wrk for a while, and prints what a request cost the server.

    http_load.py RUNTIME [--connections N] [--seconds S] -- PROGRAM [ARGUMENT...]

The program prints "listening at HOST:PORT". It runs on the last of the processors that there are, wrk on the first. Processor time
is read from outside (/proc/PID/schedstat, in nanoseconds, of all threads), for C++, Go and nginx alike."""

import argparse
import ctypes
import http.client
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from measure import Failure, check, program, report  # noqa: E402

HELLO = b"hello, world\n"
PR_SET_PDEATHSIG = 1


def tied_to(processor):
    """What a child does before its program: it stays on a processor, and does not outlive this process."""
    libc = ctypes.CDLL(None)

    def prepare():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if processor is not None:
            os.sched_setaffinity(0, {processor})
    return prepare


def processors():
    there = sorted(os.sched_getaffinity(0))
    return (there[-1], there[0]) if len(there) > 1 else (None, None)


def processor_seconds(pid):
    tasks = list(pathlib.Path(f"/proc/{pid}/task").iterdir())
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except OSError:  # a kernel without it: ticks
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def most_resident_kib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+)", status)[1])


def connected(port, patience=10):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    until = time.monotonic() + patience
    while True:
        try:
            connection.connect()
            return connection
        except ConnectionRefusedError:
            check(time.monotonic() < until, f"nothing listens at port {port}")
            time.sleep(0.01)


def ask_first(port):
    """The answer must be right before it is worth anything that it is fast."""
    connection = connected(port)
    for path, status in ("/", 200), ("/other", 404), ("/", 200):
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        check(answer.status == status, f"GET {path} was answered with {answer.status}")
        check(status != 200 or body == HELLO, f"the answer is {body!r}")
        check(not answer.will_close, "the server closes the connection after an answer")
    connection.close()


def wrk(port, connections, seconds, processor):
    """(requests answered, seconds). wrk counts whole seconds; an interrupt ends it earlier, and it reports as usual."""
    tool = shutil.which("wrk")
    check(tool, "wrk is not installed")
    with subprocess.Popen([tool, "-t", "1", "-c", str(connections), "-d", "60", f"http://127.0.0.1:{port}/"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=tied_to(processor)) as load:
        try:
            time.sleep(seconds)
            load.send_signal(signal.SIGINT)
            said = load.communicate(timeout=20)[0]
        except BaseException:
            load.kill()
            raise
    found = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", said)
    check(found, f"wrk said: {said.strip()[:200]}")
    wrong = re.search(r"Socket errors: .*|Non-2xx.*", said)
    check(not wrong, wrong and wrong[0])
    return int(found[1]), float(found[2]) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}[found[3]]


def measure(given, folder):
    for_server, for_load = processors()
    command = [word.replace("{folder}", folder) for word in given.program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                          preexec_fn=tied_to(for_server)) as server:
        try:
            listening = re.match(r"listening at .*:(\d+)$", server.stdout.readline().strip())
            check(listening, f"{command[-1]} did not start listening")
            port = int(listening[1])
            ask_first(port)
            before = processor_seconds(server.pid)
            requests, wall = wrk(port, given.connections, given.seconds, for_load)
            check(server.poll() is None, f"the server ended with status {server.returncode}")
            spent = processor_seconds(server.pid) - before
            check(requests > 0, "no request was answered")
            report("http", given.runtime, {"wall_s": f"{wall:.4f}", "cpu_s": f"{spent:.4f}"}, most_resident_kib(server.pid),
                   requests=requests, op_ns=f"{wall / requests * 1e9:.1f}", op_cpu_ns=f"{spent / requests * 1e9:.1f}")
        finally:
            server.kill()


def main():
    parser = argparse.ArgumentParser(description="measures a server of HTTP")
    parser.add_argument("runtime")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("program", nargs="+")
    given = parser.parse_args()
    if not 1 <= given.connections <= 10_000 or not 0.1 <= given.seconds <= 50:
        raise Failure("--connections must be 1 to 10000, --seconds 0.1 to 50")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("http: interrupted"))  # the folder is removed, children end
    with tempfile.TemporaryDirectory(prefix="corun-perf-") as folder:
        measure(given, folder)


program("http", main)
