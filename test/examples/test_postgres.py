"""The example against a real server, which the test starts in a folder of its own."""
import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import unittest

import support


def program(name):
    """One of the server's own programs; the package does not put them on the path."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else shutil.which(name)


def other_user():
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):  # no such user: the next one
            return pwd.getpwnam(name).pw_uid
    return None


def reason_to_skip():
    if not pathlib.Path(support.example("postgres")).exists():
        return "the example was not built: libpq is not there"
    if not program("initdb") or not program("postgres"):
        return "PostgreSQL's server is not installed"
    if os.geteuid() == 0 and other_user() is None:
        return "the server does not run as root, and there is no other user"
    return None


@unittest.skipIf(reason_to_skip(), reason_to_skip() or "")
class Postgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="corun")
        cls.addClassCleanup(folder.cleanup)
        cls.folder, cls.user = folder.name, other_user()
        if cls.user is not None:
            os.chown(cls.folder, cls.user, -1)
        cls.run_as(program("initdb"), "-D", cls.folder + "/data", "-A", "trust", "-U", "tester", "--no-sync", "--no-locale", "-E", "UTF8")
        cls.parameters = f"host={cls.folder} dbname=postgres user=tester"
        cls.start()
        cls.addClassCleanup(lambda: cls.stop("immediate"))

    @classmethod
    def run_as(cls, *command):
        ended = subprocess.run(command, user=cls.user, cwd=cls.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=2 * support.LONGEST, env={**os.environ, "LC_ALL": "C"})
        if ended.returncode != 0:
            raise AssertionError(f"{command}: {ended.stdout}")

    @classmethod
    def start(cls):
        cls.run_as(program("pg_ctl"), "-D", cls.folder + "/data", "-w", "-l", cls.folder + "/log",
                   "-o", f"-c listen_addresses= -c unix_socket_directories={cls.folder} -c fsync=off", "start")

    @classmethod
    def stop(cls, how):
        with contextlib.suppress(AssertionError):  # pg_ctl refuses where a test has stopped it already
            cls.run_as(program("pg_ctl"), "-D", cls.folder + "/data", "-w", "-m", how, "stop")

    def test_a_pool_transactions_and_a_query_that_is_cancelled(self):
        ended = support.run("postgres", self.parameters)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr),
                         (0, "100 transactions, the sum is 500\na long query was cancelled; the next says fine\n"
                          "long queries that still run: 0\n", ""))

    def test_results_of_megabytes(self):
        ended = support.run("postgres", self.parameters, "select repeat('x', 20000000)")
        self.assertEqual((ended.returncode, len(ended.stdout)), (0, len("asking\n") + 20_000_001))

    def test_errors_are_the_servers(self):
        ended = support.run("postgres", self.parameters, "select * from no_such_table")
        self.assertEqual(ended.returncode, 1)
        self.assertIn('relation "no_such_table" does not exist', ended.stderr)
        ended = support.run("postgres", f"host={self.folder}/nowhere user=tester")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("No such file or directory", ended.stderr)

    def test_a_server_that_goes_away_mid_query_is_an_error_there_and_the_others_go_on(self):
        process = self.enterContext(subprocess.Popen([support.example("postgres"), self.parameters, "select pg_sleep(3600)"],
                                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "asking\n")
        self.addCleanup(self.start)
        self.stop("immediate")
        self.assertEqual(process.wait(support.LONGEST), 1)
        self.assertEqual(process.stdout.read(), "the others go on\n")
        self.assertRegex(process.stderr.read(), "^postgres: .*(server closed the connection|terminating connection)")


if __name__ == "__main__":
    unittest.main()
