import contextlib
import os
import pty
import re
import resource
import shutil
import socket
import subprocess
import threading
import unittest

import support
from support import Server, run


class Peer:
    """A server of the test's own: hands each connection, its request read, to a function on a thread of its own."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.serve, self.threads = serve, []
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.accepting = threading.Thread(target=self.accept)
        self.accepting.start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.threads.append(threading.Thread(target=self.talk, args=(client,)))
                self.threads[-1].start()

    def talk(self, client):
        client.settimeout(support.LONGEST)
        with client, contextlib.suppress(ConnectionError):
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                request += client.recv(4096)
            self.serve(client, request)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.accepting.join()
        for thread in self.threads:
            thread.join()


def says(sent):
    return lambda client, request: client.sendall(sent)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


class Fetches(unittest.TestCase):
    def assertFetches(self, ended, requests, size):
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended.stdout)
        self.assertRegex(ended.stdout, rf"\A{requests} requests, {size} bytes, \d+\.\d+ s, \d+ requests/s\n\Z")

    def test_as_many_as_were_asked_for(self):
        with Server("web_server", "--port", 0) as server:
            self.assertFetches(run("url_fetch", "-n", 500, "-c", 20, server.url + "/"), 500, 500 * 13)
            self.assertEqual(server.stop(), 0)
            self.assertIn(b"served 500 requests on 500 connections", server.stdout())

    def test_each_url_once(self):
        with Server("web_server", "--port", 0) as server:
            self.assertFetches(run("url_fetch", server.url, server.url + "/?a", server.url + "?b", server.url + "/#c"), 4, 4 * 13)

    def test_names_are_resolved(self):
        with Server("web_server", "--port", 0) as server:
            self.assertFetches(run("url_fetch", f"http://localhost:{server.address[1]}/"), 1, 13)

    def test_addresses_in_brackets(self):
        try:
            server = self.enterContext(Server("web_server", "--host", "::1", "--port", 0))
        except AssertionError as failure:
            self.skipTest(f"no IPv6 here: {failure}")
        self.assertFetches(run("url_fetch", server.url), 1, 13)

    def test_the_request(self):
        seen = []

        def serve(client, request):
            seen.append(request)
            client.sendall(OK)
        with Peer(serve) as peer:
            self.assertFetches(run("url_fetch", peer.url + "a/b?c=d#e"), 1, 3)
        line, *fields, _, _ = seen[0].decode().split("\r\n")
        self.assertEqual(line, "GET /a/b?c=d HTTP/1.1")
        self.assertIn("Host: " + peer.url[len("http://"):-1], fields)

    def test_bodies_of_every_kind(self):
        for sent, size in ((b"HTTP/1.1 204 No Content\r\n\r\n", 0), (b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 3_000_000, 3_000_000),
                           (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 50
                            + b"0\r\n\r\n", 50 * 4096)):
            with self.subTest(size), Peer(says(sent)) as peer:
                self.assertFetches(run("url_fetch", peer.url), 1, size)

    def test_the_concurrency_is_reached_and_kept(self):
        full, lock, now, most = threading.Barrier(5), threading.Lock(), 0, 0

        def serve(client, request):
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            full.wait(support.LONGEST)  # for five that are under way
            with lock:
                now -= 1
            full.wait(support.LONGEST)  # none comes before all have left
            client.sendall(OK)
        with Peer(serve) as peer:
            self.assertFetches(run("url_fetch", "-n", 20, "-c", 5, peer.url), 20, 60)
        self.assertEqual(most, 5)


class Failures(unittest.TestCase):
    def assertFails(self, kinds, *arguments):
        ended = run("url_fetch", *arguments)
        self.assertEqual(ended.returncode, 1)
        counts, names = zip(*(kind.split(" ", 1) for kind in kinds))
        self.assertRegex(ended.stderr, rf"\Aurl_fetch: {sum(map(int, counts))} of \d+ requests failed: {', '.join(names)}\n\Z")
        self.assertEqual(dict(re.findall(r"^failed: (\d+ .*) \(first: (.*)\)$", ended.stdout, re.M)), kinds, ended.stdout)

    def test_connect_refused(self):
        with socket.socket() as taken:  # bound, so that nobody else listens there
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
            self.assertFails({"20 connect refused": url}, "-n", 20, url)

    def test_resolve(self):
        self.assertFails({"7 resolve": "http://a..b/"}, "-n", 7, "http://a..b/")

    def test_timeout(self):
        over = threading.Event()
        with Peer(lambda client, request: over.wait(support.LONGEST)) as peer:
            self.assertFails({"2 timeout": peer.url}, "-n", 2, "--timeout", 0.2, peer.url)
            over.set()

    def test_timeout_though_bytes_trickle_in(self):
        over = threading.Event()

        def serve(client, request):
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not over.wait(0.01):
                client.sendall(b"x")
        with Peer(serve) as peer:
            self.assertFails({"1 timeout": peer.url}, "--timeout", 0.3, peer.url)
            over.set()

    def test_reset(self):
        with Peer(lambda client, request: support.reset(client)) as peer:
            self.assertFails({"3 reset": peer.url}, "-n", 3, peer.url)

    def test_bad_responses(self):
        for sent in (b"", b"220 smtp.example\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", b"HTTP/1.1 200"):
            with self.subTest(sent), Peer(says(sent)) as peer:
                self.assertFails({"1 bad response": peer.url}, peer.url)

    def test_statuses(self):
        with Server("web_server", "--port", 0) as server, Peer(says(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")) as peer:
            missing = server.url + "/missing"
            self.assertFails({"4 status 4xx": missing, "4 status 5xx": peer.url}, "-n", 12, server.url, missing, peer.url)

    def test_unreachable(self):
        alone = ["unshare", "--user", "--net"]  # a network without any route
        if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
            self.skipTest("cannot make a network namespace")
        ended = subprocess.run([*alone, support.example("url_fetch"), "http://192.0.2.1/"], capture_output=True, text=True,
                               timeout=support.LONGEST)
        self.assertEqual((ended.returncode, ended.stderr), (1, "url_fetch: 1 of 1 requests failed: unreachable\n"))
        self.assertIn("failed: 1 unreachable (first: http://192.0.2.1/)", ended.stdout)

    def test_without_descriptors(self):
        with Server("web_server", "--port", 0) as server:
            ended = run("url_fetch", "-n", 100, "-c", 50, server.url,
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)))
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stderr, r"\Aurl_fetch: \d+ of 100 requests failed: Too many open files\n\Z")
        self.assertEqual(re.findall(r"^failed: \d+ (.*) \(first: .*$", ended.stdout, re.M), ["Too many open files"])

    def test_a_full_disk(self):
        with Server("web_server", "--port", 0) as server, open("/dev/full", "w") as full:
            ended = subprocess.run([support.example("url_fetch"), server.url], stdout=full, stderr=subprocess.PIPE, text=True,
                                   timeout=support.LONGEST)
        self.assertEqual((ended.returncode, ended.stderr), (1, "url_fetch: the totals cannot be written\n"))


class Terminal(unittest.TestCase):
    def test_progress_is_shown_and_wiped(self):
        ours, theirs = pty.openpty()
        with Server("web_server", "--port", 0) as server:
            ended = subprocess.run([support.example("url_fetch"), "-n", "50", server.url], stdout=subprocess.PIPE, stderr=theirs,
                                   timeout=support.LONGEST)
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # that is how a terminal ends
            while part := os.read(ours, 4096):
                shown += part
        os.close(ours)
        self.assertEqual(ended.returncode, 0)
        self.assertIn(b" of 50 fetched", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown)


class Arguments(unittest.TestCase):
    def test_refusals_are_one_line(self):
        for arguments, message in (([], "no URL"), (["https://x/"], "https:// is not supported"), (["ftp://x/"], "ftp://"),
                                   (["x"], "not a URL"), (["http://"], "not a URL"), (["http://a b/"], "not a URL"),
                                   (["http://u:p@x/"], "not a URL"), (["http://x:0/"], "port"), (["http://[::1/"], "not a URL"),
                                   (["http://x:65536/"], "port"), (["http://x:y/"], "port"), (["http://x:/"], "port"),
                                   (["http://[::1]x/"], "not a URL"), (["-n", "0", "http://x/"], "-n goes from 1"),
                                   (["-c", "-1", "http://x/"], "-n goes from 1"), (["-n", "many", "http://x/"], "many"),
                                   (["-c", "1000001", "http://x/"], "-c from 1 to 1000000"),
                                   (["--timeout", "0", "http://x/"], "--timeout"), (["--timeout", "nan", "http://x/"], "--timeout"),
                                   (["--unknown", "http://x/"], "--unknown"), (["-n"], "argument")):
            with self.subTest(arguments):
                ended = run("url_fetch", *arguments)
                self.assertEqual((ended.returncode, ended.stdout), (2, ""))
                self.assertRegex(ended.stderr, rf"\Aurl_fetch: [^\n]*{re.escape(message)}[^\n]*\n\Z")

    def test_help(self):
        ended = run("url_fetch", "--help")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn("--concurrency", ended.stdout)


if __name__ == "__main__":
    unittest.main()
