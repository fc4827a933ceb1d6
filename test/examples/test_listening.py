"""What the servers say of a port that cannot be used."""
import os
import unittest

import support

SERVERS = {"chat_callbacks": (), "chat_first_fibers": (), "chat_sessions": (), "chat_fibers": (), "websocket_echo": (),
           "metrics_server": (), "tls_echo": ("no-such-certificate", "no-such-key")}
if not os.path.exists(support.example("tls_echo")):
    del SERVERS["tls_echo"]  # the build has said that it was left out


class Listening(unittest.TestCase):
    def refused(self, name, port):
        ended = support.run(name, port, *SERVERS[name])
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertRegex(ended.stderr, rf"\A{name}: [^\n]*\n\Z")
        return ended.stderr

    def test_a_port_in_use_is_named(self):
        with support.Server("echo_cores", 0) as other:
            for name in SERVERS:
                with self.subTest(name):
                    self.assertIn(f"cannot listen at 127.0.0.1:{other.address[1]}: Address already in use",
                                  self.refused(name, other.address[1]))

    def test_what_is_no_port_is_named(self):
        for name in SERVERS:
            for port in ("x", "70000", "", "-1", "80x"):
                with self.subTest(name, port=port):
                    self.assertIn(f"'{port}' is no number from 0 to 65535; usage: {name} ", self.refused(name, port))


if __name__ == "__main__":
    unittest.main()
