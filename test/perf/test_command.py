"""Tests of the command as a whole: what it writes, and the status it ends with. Run: python3 test/perf/test_command.py"""

import contextlib
import errno
import io
import pathlib
import sys
import tempfile
import time
import unittest
import unittest.mock as mock

import support
import run
from suite import baseline, children, report

COUNTED = {"workload": "yield", "title": "yield, 2 fibers", "guarded": True, "counts": {"corun": {"instructions": 100.0}},
           "skipped": {}, "failed": {}}


class Command(unittest.TestCase):
    """With measurements that are made up."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.report = self.folder / "report.json"

    def command(self, *words, results=(), counts=(), broken=()):
        """(status, stdout)"""
        def measure(suite):
            suite.results, suite.broken = list(results), dict(broken)

        def count(suite):
            suite.counts = list(counts)
        said = io.StringIO()
        with mock.patch.object(run.Suite, "workloads", measure), mock.patch.object(run.Suite, "count", count), \
                mock.patch.object(run.Suite, "scale", lambda suite: None), contextlib.redirect_stdout(said), \
                contextlib.redirect_stderr(said), mock.patch.object(sys, "argv", ["run.py", *words]), \
                mock.patch.object(baseline, "PATH", self.folder / "baseline.json"), \
                mock.patch.object(run.machine, "build", lambda _: dict.fromkeys(baseline.KEYS, "any")):
            return run.main(), said.getvalue()

    def measured(self, *rounds, **more):
        return self.command("--report", str(self.report), *more.pop("words", ()), results=[support.result(list(rounds))], **more)

    def old(self, *rounds):
        self.measured(*rounds)
        self.report.rename(self.folder / "old.json")
        return ("--compare", str(self.folder / "old.json"))

    def test_it_leaves_a_report_and_a_page_and_says_where(self):
        status, said = self.measured(1, 1, 1, 1, 1)
        self.assertEqual(status, 0)
        self.assertEqual(report.read(self.report)["results"][0]["workload"], "work")
        self.assertIn("<h1>", self.report.with_suffix(".html").read_text())
        self.assertIn(str(self.report), said)

    def test_a_report_that_cannot_be_written_is_told_before_anything_is_measured(self):
        measured = []
        for place in self.folder / "file" / "report.json", self.folder, self.folder / ("x" * 300 + ".json"):
            with self.subTest(place), self.assertRaisesRegex(report.Unwritable, "cannot be written: "), \
                    mock.patch.object(run.Suite, "plan", measured.append):
                (self.folder / "file").touch()
                self.command("--report", str(place), "--only-check-arguments")
        self.assertEqual(measured, [])
        self.assertEqual(self.command("--report", str(self.report), "--only-check-arguments"), (0, ""))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["file"])

    def test_a_full_disk_leaves_the_old_report_and_nothing_half_written(self):
        self.measured(1)
        old = self.report.read_text()
        with mock.patch.object(pathlib.Path, "replace", side_effect=OSError(errno.ENOSPC, "No space left on device")), \
                self.assertRaisesRegex(report.Unwritable, "report.json cannot be written: No space left on device"):
            report.write(self.report, {})
        self.assertEqual(self.report.read_text(), old)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["report.html", "report.json"])

    def test_all_that_is_in_the_report_is_documented(self):
        self.measured(1, 1, 1, 1, 1, counts=[COUNTED], broken={"yield": "no server"})
        whole = report.read(self.report)
        levels = [whole, whole["machine"], whole["busy"], whole["options"], *whole["results"], *whole["counts"], *whole["goals"]]
        self.assertEqual({key for level in levels for key in level if f'"{key}"' not in report.__doc__}, set())
        self.assertTrue(whole["goals"])

    def test_a_failure_is_status_1(self):
        self.assertEqual(self.measured(1, broken={"yield": "no server"})[0], 1)
        failed = {**support.result([1]), "failed": {"go": "done=4, corun 5"}}
        self.assertEqual(self.command("--report", str(self.report), results=[failed])[0], 1)

    def test_slower_than_before_is_status_3(self):
        status, said = self.measured(2, 2, 2, 2, 2, words=self.old(1, 1, 1, 1, 1))
        self.assertEqual(status, 3)
        self.assertIn("MORE: work, much: cpu_s: 1 → 2 (+100.0%)", said)

    def test_faster_or_within_the_noise_is_status_0(self):
        self.assertEqual(self.measured(0.5, 0.5, 0.5, 0.5, 0.5, words=self.old(1, 1, 1, 1, 1))[0], 0)
        self.assertEqual(self.measured(1, 2, 1, 2, 1, words=self.old(1.2, 1.2, 1.9, 1.2, 1.2))[0], 0)

    def test_too_few_rounds_to_say_are_no_reason_for_status_3(self):
        status, said = self.measured(9, words=self.old(1))
        self.assertEqual(status, 0)
        self.assertIn("too few rounds", said)

    def test_a_failure_goes_before_a_comparison(self):
        self.assertEqual(self.measured(2, 2, 2, 2, 2, words=self.old(1, 1, 1, 1, 1), broken={"yield": "gone"})[0], 1)

    def test_more_instructions_than_before_are_status_3(self):
        more = {**COUNTED, "counts": {"corun": {"instructions": 104.0}}}
        self.command("--report", str(self.report), counts=[COUNTED])
        self.report.rename(self.folder / "old.json")
        status, _ = self.command("--report", str(self.report), "--compare", str(self.folder / "old.json"), counts=[more])
        self.assertEqual(status, 3)

    def test_the_guard_skips_accepts_and_fails(self):
        more = {**COUNTED, "counts": {"corun": {"instructions": 104.0}}}
        self.assertEqual(self.command("--check-counts", counts=[COUNTED])[0], 77)
        self.assertEqual(self.command("--accept-counts", counts=[COUNTED])[0], 0)
        self.assertEqual(self.command("--check-counts", counts=[COUNTED])[0], 0)
        self.assertEqual(self.command("--check-counts", counts=[more])[0], 1)

    def test_what_could_not_be_counted_is_not_accepted(self):
        for lacking in {"skipped": {"instructions": "valgrind is not installed"}}, {"failed": {"corun": "crashed"}}:
            status, said = self.command("--accept-counts", counts=[{**COUNTED, **lacking}])
            self.assertEqual(status, 1)
            self.assertIn("stays as it is", said)
        self.assertFalse((self.folder / "baseline.json").exists())


class Children(unittest.TestCase):
    def test_what_hangs_is_ended_with_all_that_it_started(self):
        with children.started(["/bin/sh", "-c", "sleep 1000 & echo $!; wait"]) as child:
            pid = int(child.stdout.readline())
        while not support.is_gone(pid):  # whoever adopted it ends it
            time.sleep(0.01)

    def test_at_its_limit_it_took_too_long(self):
        with self.assertRaisesRegex(children.TookTooLong, "took longer than 0 s"):
            children.output(["/bin/sleep", "1000"], 0.01)

    def test_a_program_that_is_not_there_is_a_failure(self):
        with self.assertRaisesRegex(children.Failed, "cannot start /nonexistent: No such file"):
            children.output(["/nonexistent"], 1)


if __name__ == "__main__":
    unittest.main()
