import signal
import socket
import unittest

import support


class EchoCores(unittest.TestCase):
    def test_every_client_gets_its_own_bytes_back(self):
        with support.Server("echo_cores", 0, 3) as server:
            clients = [self.enterContext(server.connect()) for _ in range(60)]
            for n, client in enumerate(clients):
                client.sendall(b"%d\n" % n)
            for n, client in enumerate(clients):
                self.assertEqual(client.recv(100), b"%d\n" % n)

    def test_it_ends_in_order_when_the_connections_have(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), support.Server("echo_cores", 0, 2) as server, server.connect() as client:
                client.sendall(b"x")
                self.assertEqual(client.recv(1), b"x")
                server.process.send_signal(number)
                client.sendall(b"in the grace")
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(support.read_all(client), b"in the grace")
                self.assertEqual(server.process.wait(support.LONGEST), 0)
                self.assertEqual(server.stderr(), "")

    def test_connections_that_do_not_end_are_cut_after_the_grace(self):
        with support.Server("echo_cores", 0, 2) as server, server.connect() as client:
            client.sendall(b"x")
            self.assertEqual(client.recv(1), b"x")
            self.assertEqual(server.stop(), 0)
            self.assertEqual(client.recv(1), b"")

    def test_a_port_in_use_is_named(self):
        with support.Server("echo_cores", 0) as server:
            ended = support.run("echo_cores", server.address[1])
            self.assertEqual(ended.returncode, 1)
            self.assertIn(f"cannot listen at 127.0.0.1:{server.address[1]}: Address already in use", ended.stderr)

    def test_refuses_what_is_no_number(self):
        for arguments in (["x"], ["70000"], [""], ["0", "-1"], ["0", "2x"]):
            with self.subTest(arguments):
                ended = support.run("echo_cores", *arguments)
                self.assertEqual((ended.returncode, ended.stdout), (1, ""))
                self.assertRegex(ended.stderr, rf"\Aecho_cores: '{arguments[-1]}' is no number [^\n]*\n\Z")


if __name__ == "__main__":
    unittest.main()
