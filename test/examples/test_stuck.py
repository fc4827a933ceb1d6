"""The broken example program, looked at as docs/guide/debugging.md does: by a signal, by gdb, by its crash."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

import support

SOURCE = pathlib.Path(__file__).parents[2] / "docs" / "examples" / "stuck.cpp"
SCRIPT = pathlib.Path(__file__).parents[2] / "lib" / "gdb" / "corun-gdb.py"


def line_of(variable, occurrence):
    """The line of stuck.cpp on which `const auto VARIABLE` stands for the so-many-th time."""
    lines = SOURCE.read_text().splitlines()
    return [number for number, line in enumerate(lines, 1) if f"const auto {variable} " in line][occurrence - 1]


def gdb(*commands, program, target=()):
    """The output of gdb, run with the commands on a process or a core file."""
    arguments = [word for command in commands for word in ("-ex", command)]
    ended = subprocess.run(["gdb", "-nx", "-q", "-batch", "-ex", "set debuginfod enabled off", "-ex", f"source {SCRIPT}",
                            *(("-ex", f"attach {target[0]}") if target and isinstance(target[0], int) else ()), *arguments,
                            program, *(target if target and isinstance(target[0], str) else ())],
                           capture_output=True, text=True, timeout=support.LONGEST, stdin=subprocess.DEVNULL)
    return ended.stdout + ended.stderr


class Stuck(unittest.TestCase):
    def setUp(self):
        self.out = tempfile.TemporaryFile()
        self.err = tempfile.TemporaryFile()
        self.process = None

    def tearDown(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.out.close()
        self.err.close()

    def start(self):
        self.process = subprocess.Popen([support.example("stuck")], stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err)
        support.wait_until(lambda: os.pread(self.out.fileno(), 100, 0) == b"open\n", "it is open")

    def check_listing(self, text):
        self.assertRegex(text, r"#\d+ 'shop' waiting in join_operation at .*stuck\.cpp:\d+, spawned at .*stuck\.cpp:\d+")
        self.assertRegex(text, r"#\d+ 'billing' waiting in mutex::lock_operation at .*stuck\.cpp:\d+")
        self.assertIn("4 fibers", text)

    def test_on_sigquit_it_lists_its_fibers_and_lives_on(self):
        self.start()
        self.process.send_signal(signal.SIGQUIT)
        text = support.wait_until(lambda: (t := os.pread(self.err.fileno(), 1 << 16, 0).decode()).count("spawned at") == 4 and t,
                                  "all fibers are listed")
        self.assertRegex(text, r"#\d+ 'shop' waiting: join of #\d+ 'customer', yielded at .*stuck\.cpp:\d+")
        self.assertRegex(text, rf"#\d+ 'billing' waiting: mutex held by #\d+ 'shipping', yielded at .*stuck\.cpp:{line_of('goods', 1)}")
        self.assertRegex(text, rf"#\d+ 'shipping' waiting: .*receive_operation, yielded at .*stuck\.cpp:{line_of('parcel', 1)}")
        self.assertIsNone(self.process.poll())

    @unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
    def test_gdb_shows_the_fibers_of_a_live_process(self):
        self.start()
        text = gdb("info corun-fibers", "corun-fiber apply all bt", program=support.example("stuck"), target=[self.process.pid])
        if "Operation not permitted" in text:
            self.skipTest("ptrace is not permitted here: gdb was not tested on a live process")
        self.check_listing(text)
        for function in ("bill ()", "ship ()", "customer ()"):
            self.assertIn(function, text)
        number = re.search(r"#(\d+) 'billing'", text)[1]
        one = gdb(f"corun-fiber {number}", "bt", "corun-fiber 0", "bt", program=support.example("stuck"), target=[self.process.pid])
        self.assertIn("bill ()", one)
        self.assertNotIn("ship ()", one)
        self.assertIn("epoll_wait", one)
        self.assertIsNone(self.process.poll())

    @unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
    def test_gdb_shows_the_fibers_of_a_core_file(self):
        with tempfile.TemporaryDirectory() as folder:
            # The system's own: gdb's generate-core-file leaves out stacks whose guard pages it cannot read.
            subprocess.run([support.example("stuck"), "abort"], cwd=folder, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err,
                           timeout=support.LONGEST, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, [resource.RLIM_INFINITY] * 2))
            cores = list(pathlib.Path(folder).glob("core*"))
            if not cores:
                self.skipTest("this system puts core files elsewhere, or nowhere (core_pattern): gdb was not tested on one")
            text = gdb("info corun-fibers", "corun-fiber apply all bt", program=support.example("stuck"), target=[str(cores[0])])
        self.assertRegex(text, r"#\d+ 'shop' running")
        self.assertIn("'billing' waiting in mutex::lock_operation", text)
        for function in ("bill ()", "ship ()", "customer ()"):
            self.assertIn(function, text)
        running = text[text.index("'shop' running", text.index("4 fibers")):].split("\n\n")[0]
        self.assertIn("abort ()", running)
        self.assertIn("enter_fiber", running)

    def test_a_cycle_of_joins_is_refused_with_every_line(self):
        ended = support.run("stuck", "joins")
        self.assertRegex(ended.stderr, r"deadlock: fiber 'doors' \(#\d+\) waits at .*stuck\.cpp:\d+ for the join of 'lights' \(#\d+\), "
                                       r"which waits at .*stuck\.cpp:\d+ for the join of 'doors'")

    def test_an_overflow_names_the_fiber(self):
        ended = support.run("stuck", "overflow")
        self.assertRegex(ended.stderr, r"stack overflow: fiber 'parser' #\d+ ran into the guard page of its stack of 131072 bytes")
        self.assertNotEqual(ended.returncode, 0)


if __name__ == "__main__":
    unittest.main()
