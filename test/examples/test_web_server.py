import re
import shutil
import socket
import subprocess
import unittest

import support
from support import read_all, reset, wait_until
from web_server_support import BODY, GET, WithServer, answer


def curl(*arguments):
    ended = subprocess.run(["curl", "--silent", "--noproxy", "*", "--max-time", str(support.LONGEST), *arguments],
                           capture_output=True, timeout=2 * support.LONGEST)
    assert ended.returncode == 0, f"curl failed: {ended.returncode} {ended.stderr}"
    return ended.stdout


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Curl(WithServer):
    def test_get(self):
        self.assertEqual(curl(self.server.url + "/"), BODY)
        self.assertEqual(curl(self.server.url + "/?query"), BODY)

    def test_a_connection_serves_several_requests(self):
        shown = curl("-o", "/dev/null", "-o", "/dev/null", "-w", "%{http_code} %{http_version} %{num_connects}\n",
                     self.server.url + "/", self.server.url + "/")
        self.assertEqual(shown, b"200 1.1 1\n200 1.1 0\n")

    def test_http_1_0_closes_after_one(self):
        shown = curl("--http1.0", "-o", "/dev/null", "-o", "/dev/null", "-w", "%{http_code} %{http_version} %{num_connects}\n",
                     self.server.url + "/", self.server.url + "/")
        self.assertRegex(shown, rb"^200 1(\.0)? 1\n200 1(\.0)? 1\n$")

    def test_head(self):
        shown = curl("--head", self.server.url + "/").lower()
        self.assertIn(b"200 ok", shown)
        self.assertIn(b"content-length: 13", shown)

    def test_other_paths_and_methods(self):
        for expected, *arguments in ((404, "/other"), (404, "/" + "a" * 4000), (405, "/", "--data", "x=1"), (405, "/", "-X", "PUT"),
                                     (405, "/", "-X", "STRANGE"), (405, "/", "--data-binary", "@" + __file__)):
            with self.subTest(arguments):
                url, *others = arguments
                shown = curl("-o", "/dev/null", "-w", "%{http_code}", self.server.url + url, *others)
                self.assertEqual(shown, b"%d" % expected)


class Requests(WithServer):
    def test_http_1_0_keeps_the_connection_when_asked(self):
        client = self.connect()
        for _ in range(3):
            client.sendall(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            status, head, _ = answer(client)
            self.assertEqual(status, 200)
            self.assertIn(b"connection: keep-alive", head)

    def test_connection_close(self):
        client = self.connect()
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertTrue(read_all(client).endswith(BODY))

    def test_head_leaves_the_connection_in_step(self):
        client = self.connect()
        client.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        self.assertIn(b"content-length: 13", answer(client, has_body=False)[1])
        self.assertEqual(answer(client)[::2], (200, BODY))

    def test_refused_methods_leave_the_connection_in_step(self):
        client = self.connect()
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345" + GET)
        status, head, _ = answer(client)
        self.assertEqual(status, 405)
        self.assertIn(b"allow: get, head", head)
        self.assertEqual(answer(client)[0], 200)

    def test_pipelined_requests_are_answered_in_order(self):
        client = self.connect()
        wanted = [200, 404, 405] * 100
        lines = {200: b"GET /", 404: b"GET /no", 405: b"PUT /"}
        client.sendall(b"".join(lines[status] + b" HTTP/1.1\r\nHost: x\r\n\r\n" for status in wanted))
        self.assertEqual([answer(client)[0] for _ in wanted], wanted)

    def test_a_request_byte_by_byte(self):
        client = self.connect()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GET:
            client.sendall(bytes([byte]))
            wait_until(lambda: self.server.unread(client) == 0, "the server reads the byte")
        self.assertEqual(answer(client)[::2], (200, BODY))

    def test_malformed_requests_get_400_and_the_connection_ends(self):
        for sent in (b"\0\1\2\3\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", b"\x16\x03\x01\x02\0\1\0\r\n\r\n"):
            with self.subTest(sent), self.server.connect() as client:
                client.sendall(sent)
                received = read_all(client)
                self.assertTrue(received.startswith(b"HTTP/1.1 400 "), received)
                self.assertEqual(received.count(b"HTTP/1.1"), 1)
        self.assertServes()

    def test_http_1_1_without_host_gets_400(self):
        client = self.connect()
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(answer(client)[0], 400)

    def test_long_headers_get_431_though_more_is_sent(self):
        client = self.connect()
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nLong: " + b"a" * 200_000 + b"\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        self.assertTrue(read_all(client).startswith(b"HTTP/1.1 431 "))

    def test_large_bodies_get_413(self):
        client = self.connect()
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"a" * 200_000)
        client.shutdown(socket.SHUT_WR)
        self.assertTrue(read_all(client).startswith(b"HTTP/1.1 413 "))

    def test_half_a_request(self):
        client = self.connect()
        client.sendall(GET[:20])
        client.shutdown(socket.SHUT_WR)
        self.assertTrue(read_all(client).startswith(b"HTTP/1.1 400 "))

    def test_peers_that_reset(self):
        for sent in (b"", GET[:20], GET, GET * 1000):
            client = self.server.connect()
            client.sendall(sent)
            reset(client)
        self.assertServes()
        self.assertEqual(self.server.stderr(), "")

    def test_many_connections_at_once(self):
        clients = [self.connect() for _ in range(200)]
        for client in clients:
            client.sendall(GET)
        self.assertEqual({answer(client)[0] for client in clients}, {200})


class Deadlines(WithServer):
    arguments = ["--idle", 1]

    def test_connections_that_are_silent_or_slow_are_closed(self):
        silent, slow, served = self.connect(), self.connect(), self.connect()
        slow.sendall(GET[:20])
        served.sendall(GET)
        self.assertEqual(answer(served)[0], 200)
        for client in (silent, slow, served):
            self.assertEqual(client.recv(1), b"")
        self.assertServes()

    def test_a_peer_that_does_not_read_is_closed(self):
        client = self.connect()
        with self.assertRaises((ConnectionResetError, BrokenPipeError)):
            while True:
                client.sendall(GET * 1000)
        self.assertServes()


class Refusals(unittest.TestCase):
    def assertRefuses(self, arguments, code, message):
        with self.subTest(arguments):
            ended = support.run("web_server", *arguments)
            self.assertEqual((ended.returncode, ended.stdout), (code, ""))
            self.assertRegex(ended.stderr, rf"\Aweb_server: [^\n]*{message}[^\n]*\n\Z")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assertRefuses(["--port", port], 1, f"cannot listen at 127.0.0.1:{port}: Address already in use")

    def test_hosts(self):
        self.assertRefuses(["--port", 0, "--host", "a..b"], 1, r"cannot listen at a\.\.b:0: ")
        self.assertRefuses(["--port", 0, "--host", "192.0.2.1"], 1, "Cannot assign requested address")
        self.assertRefuses(["--port", 0, "--host", ""], 2, "--host")

    def test_arguments(self):
        for arguments in (["--port", "x"], ["--port", "65536"], ["--port=-1"], ["--port", ""], ["--port"], ["--backlog", "0"],
                          ["--idle", "0"], ["--idle", "1e9"], ["--unknown"], ["8080"], ["--port", "1", "--port", "2"]):
            self.assertRefuses(arguments, 2, "--help")

    def test_a_full_disk(self):
        with open("/dev/full", "w") as full:
            ended = subprocess.run([support.example("web_server"), "--port", "0"], stdout=full, stderr=subprocess.PIPE, text=True,
                                   timeout=support.LONGEST)
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stderr, r"\Aweb_server: cannot write [^\n]*\n\Z")

    def test_help(self):
        ended = support.run("web_server", "--help")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        for option in ("--host", "--port", "--backlog", "--idle"):
            self.assertIn(option, ended.stdout)


@unittest.skipUnless(shutil.which("wrk"), "wrk is not installed")
class Load(WithServer):
    def test_a_second_of_load(self):
        ended = subprocess.run(["wrk", "-t1", "-c50", "-d1", "--timeout", str(support.LONGEST), self.server.url + "/"],
                               capture_output=True, text=True, timeout=2 * support.LONGEST)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertNotRegex(ended.stdout, "Socket errors|Non-2xx")
        answered = int(re.search(r"(\d+) requests in", ended.stdout)[1])
        self.assertEqual(self.server.stop(), 0)
        served, connections = map(int, re.search(rb"served (\d+) requests on (\d+) connections", self.server.stdout()).groups())
        self.assertGreaterEqual(served, answered)
        self.assertGreaterEqual(connections, 50)


if __name__ == "__main__":
    unittest.main()
