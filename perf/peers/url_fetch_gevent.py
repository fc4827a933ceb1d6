"""url_fetch with gevent and its sockets."""

import itertools
import pathlib
import sys

import gevent
from gevent import socket

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from measure import Failure, Stopwatch, arguments, check, program, report  # noqa: E402


def body_bytes(answer):
    """The length of the answer's body, after checking its status and its announced length."""
    head, complete, body = answer.partition(b"\r\n\r\n")
    check(complete, "the server closed before its answer's head was complete")
    status, *lines = head.split(b"\r\n")
    check(status.startswith(b"HTTP/1.") and status[8:13] == b" 200 ", f"answer: {status.decode(errors='replace')}")
    for line in lines:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            check(len(body) == int(value), f"an answer has {len(body)} bytes of body where it announced {int(value)}")
            return len(body)
    raise Failure("an answer has no Content-Length")


def fetch(server, request):
    with socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.connect(server)
        connection.sendall(request)
        parts = []
        while part := connection.recv(4096):
            parts.append(part)
    return body_bytes(b"".join(parts))


def main():
    given = arguments("GETs over a connection each, checked",
                      requests=1000, concurrency=100, host="127.0.0.1", port=8000, path="/")
    server = (given.host, given.port)
    request = f"GET {given.path} HTTP/1.0\r\nHost: {given.host}\r\nConnection: close\r\n\r\n".encode()
    claims = itertools.repeat(None, given.requests)
    answered = total = 0

    def fetch_all():
        nonlocal answered, total
        for _ in claims:
            length = fetch(server, request)  # fetch gives way: `total += fetch(...)` would lose what others add
            total += length
            answered += 1

    watch = Stopwatch()
    tasks = [gevent.spawn(fetch_all) for _ in range(given.concurrency)]
    try:
        gevent.joinall(tasks, raise_error=True)
    except OSError as error:
        raise Failure(f"{given.host}:{given.port}: {error.strerror or error}") from None
    finally:
        gevent.killall(tasks)
    spent = watch.elapsed()
    check(answered == given.requests, f"{answered} of {given.requests} answers counted")
    check(total > 0 and total % given.requests == 0, "the answers' bodies differ in length")
    report("url_fetch", "gevent", spent, requests=given.requests, concurrency=given.concurrency, answered=answered,
           bytes=total)


gevent.get_hub().NOT_ERROR += (OSError, Failure)  # main reports them; the hub would print tracebacks of its own
program("url_fetch", main)
