"""What the tests of the example programs share: running the programs, and talking to them over loopback."""
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time

LONGEST = 60  # seconds until a test gives up; the programs may be sanitizer builds on a busy machine


def example(name):
    return str(pathlib.Path(os.environ["CORUN_EXAMPLES"]) / name)


def run(name, *arguments, **options):
    """Runs a program to its end; gives its exit code, stdout and stderr."""
    return subprocess.run([example(name), *map(str, arguments)], capture_output=True, text=True, timeout=LONGEST,
                          stdin=subprocess.DEVNULL, **options)


def wait_until(condition, what):
    """The first true value of condition(), which is asked again and again."""
    give_up = time.monotonic() + LONGEST
    while not (value := condition()):
        if time.monotonic() > give_up:
            raise AssertionError(f"waited {LONGEST} s in vain: {what}")
        time.sleep(0.005)
    return value


class Server:
    """A program that prints `listening at HOST:PORT`; killed when its block ends."""

    def __init__(self, name, *arguments, **options):
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = None
        try:
            self.process = subprocess.Popen([example(name), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=self.out,
                                            stderr=self.err, **options)
            wait_until(lambda: self.announced() or self.process.poll() is not None, f"{name} listens")
            assert self.announced(), f"{name} ended early: {self.stderr()}"
        except BaseException:
            self.__exit__()
            raise
        host, _, port = self.announced()[1].decode().rpartition(":")
        self.address = (host.strip("[]"), int(port))
        self.url = f"http://{host}:{port}"

    def announced(self):
        return re.search(rb"^listening at (.*)\n", self.stdout(), re.M)

    def stdout(self):
        return os.pread(self.out.fileno(), 1 << 20, 0)

    def stderr(self):
        return os.pread(self.err.fileno(), 1 << 20, 0).decode()

    def connect(self):
        return socket.create_connection(self.address, timeout=LONGEST)

    def stop(self, number=signal.SIGINT):
        """Sends a signal and waits for the end; gives the exit code."""
        self.process.send_signal(number)
        return self.process.wait(LONGEST)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def unread(self, client):
        """Bytes that a client has sent and the program has not read."""
        ours, theirs = (f":{end[1]:04X}" for end in (client.getsockname(), client.getpeername()))
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, _, queues, *_ = line.split()
            if local.endswith(theirs) and remote.endswith(ours):
                return int(queues.partition(":")[2], 16)
        raise AssertionError("no such connection")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.out.close()
        self.err.close()


def reset(client):
    """Closes a connection the hard way."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def read_all(client):
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)
