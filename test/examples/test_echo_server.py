import contextlib
import resource
import socket
import threading
import unittest

import support


class EchoServer(unittest.TestCase):
    def test_sends_back_what_it_receives(self):
        with support.Server("echo_server", 0) as server, server.connect() as one, server.connect() as other:
            for client, text in ((one, b"first"), (other, b"second"), (one, b"third")):
                client.sendall(text)
                self.assertEqual(client.recv(100), text)

    def test_megabytes_come_back_in_order(self):
        sent = bytes(range(251)) * 20000
        with support.Server("echo_server", 0) as server, server.connect() as client:
            def send():
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
            sender = threading.Thread(target=send)
            sender.start()
            self.assertEqual(support.read_all(client), sent)
            sender.join()

    def test_outlives_a_peer_that_resets(self):
        with support.Server("echo_server", 0) as server:
            rude = server.connect()
            rude.sendall(b"x")
            support.reset(rude)
            with server.connect() as client:
                client.sendall(b"alive?")
                self.assertEqual(client.recv(100), b"alive?")

    def test_ends_with_a_message_when_it_cannot_accept(self):
        def few_descriptors():
            resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
        with support.Server("echo_server", 0, preexec_fn=few_descriptors) as server, contextlib.ExitStack() as clients:
            with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):  # it may have ended before the last ones
                for _ in range(30):
                    clients.enter_context(server.connect())
            self.assertEqual(server.process.wait(support.LONGEST), 1)
            self.assertEqual(server.stderr(), "echo_server: Too many open files\n")

    def test_says_that_the_port_is_taken(self):
        with support.Server("echo_server", 0) as server:
            ended = support.run("echo_server", server.address[1])
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertEqual(ended.stderr, "echo_server: Address already in use\n")

    def test_refuses_what_is_no_port(self):
        for arguments in (["x"], ["70000"], ["-1"], [""], ["1", "2"]):
            with self.subTest(arguments):
                ended = support.run("echo_server", *arguments)
                self.assertEqual((ended.returncode, ended.stderr), (2, "usage: echo_server [PORT]\n"))


if __name__ == "__main__":
    unittest.main()
