import contextlib
import socket
import unittest

from support import run


def name_of(listener):
    return "%s:%d" % listener.getsockname()


class Addresses(unittest.TestCase):
    """Loopback addresses of each kind."""

    def answers(self):
        return name_of(self.enterContext(socket.create_server(("127.0.0.1", 0))))

    def refuses(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return name_of(listener)

    def hangs(self):
        """A listener whose backlog is full: the system drops further requests to connect."""
        listener = self.enterContext(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(16):
            waiting = self.enterContext(contextlib.closing(socket.socket()))
            waiting.settimeout(0.2)
            try:
                waiting.connect(listener.getsockname())
            except TimeoutError:
                return name_of(listener)
        self.skipTest("this system's backlog has no end")

    def test_the_first_that_answers_is_taken(self):
        first, second = self.answers(), self.answers()
        ended = run("happy_eyeballs", "--delay", 60_000, first, second)
        self.assertEqual((ended.returncode, ended.stdout), (0, f"connected to {first}\n"))
        self.assertEqual(ended.stderr, f"trying {first}\n")

    def test_after_a_refusal_the_next_one_begins_at_once(self):
        refusing, answering = self.refuses(), self.answers()
        ended = run("happy_eyeballs", "--delay", 600_000, refusing, answering)
        self.assertEqual((ended.returncode, ended.stdout), (0, f"connected to {answering}\n"))
        self.assertIn(f"failed: {refusing}: Connection refused\n", ended.stderr)

    def test_beside_one_that_hangs_the_next_one_begins_and_the_loser_is_given_up(self):
        hanging, refusing, answering = self.hangs(), self.refuses(), self.answers()
        ended = run("happy_eyeballs", "--delay", 50, hanging, refusing, answering)
        self.assertEqual((ended.returncode, ended.stdout), (0, f"connected to {answering}\n"))
        self.assertEqual(ended.stderr.splitlines(), [f"trying {hanging}", f"trying {refusing}", f"failed: {refusing}: Connection refused",
                                                     f"trying {answering}", f"given up: {hanging}"])

    def test_when_none_answers_the_last_failure_is_told(self):
        ended = run("happy_eyeballs", "--delay", 1, self.refuses(), self.refuses())
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertTrue(ended.stderr.endswith("\nhappy_eyeballs: Connection refused\n"), ended.stderr)

    def test_all_together_have_a_deadline(self):
        hanging = self.hangs()
        ended = run("happy_eyeballs", "--delay", 1, "--timeout", 0.3, hanging)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertEqual(ended.stderr, f"trying {hanging}\ngiven up: {hanging}\nhappy_eyeballs: Connection timed out\n")

    def test_families_take_turns(self):
        self.assertTrue(socket.has_ipv6)
        try:
            with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
                six = "[::1]:%d" % listener.getsockname()[1]
        except OSError:
            self.skipTest("no IPv6")
        first, second = self.refuses(), self.refuses()
        ended = run("happy_eyeballs", first, second, six)
        tried = [line[7:] for line in ended.stderr.splitlines() if line.startswith("trying ")]
        self.assertEqual(tried, [first, six, second])

    def test_arguments(self):
        for arguments in ([], ["localhost"], [":80"], ["--delay", "-1", "h:1"], ["--timeout", "0", "h:1"], ["--unknown"]):
            with self.subTest(arguments):
                ended = run("happy_eyeballs", *arguments)
                self.assertEqual((ended.returncode, ended.stdout), (2, ""))
                self.assertRegex(ended.stderr, r"\Ahappy_eyeballs: [^\n]*--help[^\n]*\n\Z")


if __name__ == "__main__":
    unittest.main()
