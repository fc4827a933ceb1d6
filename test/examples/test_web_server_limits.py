import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import support
from support import Server, wait_until
from web_server_support import GET, WithServer, answer


class Stops(WithServer):
    def test_idle_connections_end_at_once(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), Server("web_server", "--port", 0) as server, contextlib.ExitStack() as clients:
                opened = [clients.enter_context(server.connect()) for _ in range(20)]
                for client in opened[10:]:  # when the last ones are served, all have been accepted
                    client.sendall(GET)
                    self.assertEqual(answer(client)[0], 200)
                self.assertEqual(server.stop(number), 0)
                self.assertTrue(server.stdout().endswith(b"\nserved 10 requests on 20 connections\n"), server.stdout())
                self.assertEqual(server.stderr(), "")
                for client in opened:
                    self.assertEqual(client.recv(1), b"")

    def begin_a_request_and_stop(self):
        """A connection whose request is half read, of a server that has taken note of the signal."""
        idle, busy = self.connect(), self.connect()
        busy.sendall(GET[:20])
        idle.sendall(GET)
        self.assertEqual(answer(idle)[0], 200)
        wait_until(lambda: self.server.unread(busy) == 0, "the server reads half a request")
        self.server.process.send_signal(signal.SIGINT)
        self.assertEqual(idle.recv(1), b"")
        return busy

    def test_a_request_in_progress_is_finished(self):
        busy = self.begin_a_request_and_stop()
        busy.sendall(GET[20:])
        status, head, _ = answer(busy)
        self.assertEqual(status, 200)
        self.assertIn(b"connection: close", head)
        self.assertEqual(self.server.process.wait(support.LONGEST), 0)

    def test_a_request_that_does_not_go_on_is_given_up(self):
        busy = self.begin_a_request_and_stop()
        self.assertEqual(self.server.process.wait(support.LONGEST), 0)
        self.assertEqual(self.server.stderr(), "web_server: gave up a request of %s:%d: it was not sent to its end\n" % busy.getsockname())

    def test_a_request_that_waits_in_the_socket_is_answered(self):
        for _ in range(5):
            with self.subTest(), Server("web_server", "--port", 0) as server, server.connect() as client:
                client.sendall(GET)
                answer(client)  # it was accepted
                client.sendall(GET)
                self.assertEqual(server.stop(), 0)
                self.assertEqual(answer(client)[0], 200)

    def test_no_new_connection_is_accepted(self):
        self.begin_a_request_and_stop()
        with self.assertRaises(ConnectionRefusedError):
            self.server.connect()


class Grace(WithServer):
    arguments = ["--grace", 1]

    def test_answers_that_are_not_taken_are_reported(self):
        client = self.connect()
        client.settimeout(1)
        with self.assertRaises(TimeoutError):
            while True:
                client.sendall(GET * 1000)
        self.assertEqual(self.server.stop(), 0)
        self.assertRegex(self.server.stderr(), r"\Aweb_server: gave up a request of [^\n]*: its answer was not taken\n\Z")

    def test_everything_is_answered_or_reported(self):
        clients = [self.connect() for _ in range(40)]
        for number, client in enumerate(clients):
            client.sendall(GET if number % 2 else GET[:20])
            wait_until(lambda: self.server.unread(client) == 0, "the server reads")
        for client in clients[1::2]:
            self.assertEqual(answer(client)[0], 200)
            client.sendall(GET)
        self.assertEqual(self.server.stop(), 0)
        for client in clients[1::2]:
            self.assertEqual(answer(client)[0], 200)
        self.assertEqual(self.server.stderr().count("gave up a request"), 20)


class Descriptors(unittest.TestCase):
    def start(self, soft, hard):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        server = self.enterContext(Server("web_server", "--port", 0, preexec_fn=limit))
        self.limit = int(re.match(rb"concurrent connection limit is (\d+)\n", server.stdout())[1])
        return server

    def test_the_limit_is_the_hard_one_less_what_is_open(self):
        server = self.start(60, 80)
        # The last one to be opened is the one by which corun waits for connections.
        wait_until(lambda: self.limit == 80 - server.descriptors(), f"{80 - self.limit} descriptors are open")
        self.assertEqual(server.stdout(), b"concurrent connection limit is %d\nlistening at 127.0.0.1:%d\n"
                         % (self.limit, server.address[1]))

    def test_too_few_to_begin_with_are_one_line_and_a_failure(self):
        for few in range(4, 30):
            with self.subTest(few), tempfile.TemporaryFile() as out:
                started = subprocess.Popen([support.example("web_server"), "--port", "0"], text=True, stdout=out,
                                           stderr=subprocess.PIPE,
                                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (few, few)))
                with started:
                    wait_until(lambda: started.poll() is not None or b"listening" in os.pread(out.fileno(), 1000, 0), "it begins or ends")
                    if started.poll() is None:
                        started.send_signal(signal.SIGINT)
                        self.assertEqual((started.wait(support.LONGEST), started.stderr.read()), (0, ""))
                        return
                    self.assertNotEqual(started.returncode, 0)
                    self.assertEqual(os.pread(out.fileno(), 1000, 0), b"")
                    self.assertRegex(started.stderr.read(), r"\A[^\n]*(Too many open files|Error 24)[^\n]*\n\Z")
        self.fail("it never began")

    def test_outlives_running_out_of_them(self):
        began = time.monotonic()
        server = self.start(40, 40)
        clients = [self.enterContext(server.connect()) for _ in range(self.limit + 20)]
        wait_until(lambda: "\n" in server.stderr(), "the server reports")
        self.assertRegex(server.stderr(), r"^web_server: cannot accept: Too many open files; \d+ are open\n$")

        for client in clients:
            client.sendall(GET)
        for client in clients[:self.limit]:  # accepted in the order of their arrival
            self.assertEqual(answer(client)[0], 200)
        used = server.cpu_seconds()
        clients[-1].settimeout(1)
        with self.assertRaises(TimeoutError):
            clients[-1].recv(1)
        self.assertLess(server.cpu_seconds() - used, 0.3)  # of one second

        for client in clients[:self.limit]:
            client.close()
        for client in clients[self.limit:]:
            client.settimeout(support.LONGEST)
            self.assertEqual(answer(client)[0], 200)
        self.assertEqual(server.stop(), 0)
        self.assertLessEqual(server.stderr().count("\n"), 1 + (time.monotonic() - began) / 10)


if __name__ == "__main__":
    unittest.main()
