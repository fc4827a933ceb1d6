"""When io_task cannot write, each of its versions says so in one line, fails, and leaves no folder behind."""

import importlib.util
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PERF = pathlib.Path(os.environ["CORUN_PERF"])  # where the programs were built
PEERS = pathlib.Path(__file__).resolve().parent.parent.parent / "perf" / "peers"
LONGEST = 60
VERSIONS = {"corun": [str(PERF / "io_task")], "thread": [str(PERF / "io_task_thread")]}
if importlib.util.find_spec("gevent"):
    VERSIONS["gevent"] = [sys.executable, "-B", str(PEERS / "io_task_gevent.py")]
ALONE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


class Failures(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def each(self, *arguments, within=(), versions=VERSIONS, **options):
        """Runs the versions, which must fail in one line and leave nothing; gives the lines."""
        for runtime in versions:
            program = VERSIONS[runtime]
            with self.subTest(runtime):
                ended = subprocess.run([*within, *program, "--folder", self.folder, *map(str, arguments)], capture_output=True,
                                       text=True, timeout=LONGEST, **options)
                self.assertEqual((ended.returncode, ended.stdout), (1, ""), ended.stderr)
                self.assertRegex(ended.stderr, r"\Aio_task: [^\n]*\n\Z")
                self.assertEqual(os.listdir(self.folder), [])
                yield ended.stderr

    def test_a_full_disk(self):
        disk = f"mount -t tmpfs -o size=1m none {self.folder}"
        if not shutil.which("unshare") or subprocess.run([*ALONE, "sh", "-c", disk], capture_output=True).returncode != 0:
            self.skipTest("cannot mount a small disk")
        # What is left in there is seen before the disk goes away with the namespace.
        watched = f'{disk} && {{ "$@"; code=$?; ls -A {self.folder} >&2; exit $code; }}'
        for line in self.each("--files", 10, "--writes", 100, within=[*ALONE, "sh", "-c", watched, "sh"]):
            self.assertIn("No space left on device", line)

    def test_files_that_may_not_grow(self):
        for line in self.each("--files", 10, "--writes", 100,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))):
            self.assertIn("File too large", line)

    def test_an_output_that_cannot_be_written(self):
        for runtime, program in VERSIONS.items():
            with self.subTest(runtime), open("/dev/full", "w") as full:
                ended = subprocess.run([*program, "--folder", self.folder, "--files", "2", "--writes", "2"], stdout=full,
                                       stderr=subprocess.PIPE, text=True, timeout=LONGEST)
                self.assertEqual(ended.returncode, 1)
                self.assertRegex(ended.stderr, r"\Aio_task: [^\n]*\n\Z")
                self.assertEqual(os.listdir(self.folder), [])

    def test_no_descriptors(self):
        # Threads may end before the next one begins; gevent needs descriptors to report an error, and prints tracebacks without.
        for line in self.each("--files", 50, "--writes", 100, versions=["corun"],
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))):
            self.assertIn("Too many open files", line)

    def test_a_folder_that_there_is_not(self):
        for runtime, program in VERSIONS.items():
            with self.subTest(runtime):
                missing = os.path.join(self.folder, "missing")
                ended = subprocess.run([*program, "--folder", missing], capture_output=True, text=True, timeout=LONGEST)
                self.assertEqual((ended.returncode, ended.stdout), (1, ""))
                self.assertRegex(ended.stderr, rf"\Aio_task: [^\n]*{missing}[^\n]*\n\Z")

    def test_a_signal(self):
        for runtime, program in VERSIONS.items():
            with self.subTest(runtime):
                endless = [*program, "--folder", self.folder, "--files", "4", "--writes", "100000000", "--block", "1"]
                with subprocess.Popen(endless, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
                    self.addCleanup(running.kill)
                    give_up = time.monotonic() + LONGEST
                    while not list(pathlib.Path(self.folder).glob("*/file-3")):
                        self.assertLess(time.monotonic(), give_up, "it never began")
                        time.sleep(0.01)
                    running.send_signal(signal.SIGTERM)
                    out, err = running.communicate(timeout=LONGEST)
                self.assertEqual((running.returncode, out, err), (1, "", "io_task: interrupted\n"))
                self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main()
