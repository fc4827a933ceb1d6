"""Tests of how the suite is run. Run: python3 test/perf/test_runner.py"""

import contextlib
import dataclasses
import io
import pathlib
import tempfile
import types
import unittest
import unittest.mock as mock

import support
from suite import catalogue, children, options, programs, progress, report, rounds, tables

WORKLOAD = catalogue.Workload("work", "does something", ("corun", "awaitable", "go"), (catalogue.Case("much"),),
                              columns=("cpu_s",), same=("done",), absent={"boost_fiber": "cannot"}, pinned=False)


class Rounds(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        support.program(self.folder, "work", f'echo corun >> {self.folder}/order; echo "work corun done=5 cpu_s=1"')

    def run_workload(self, late=False):
        asked = types.SimpleNamespace(mode="", rounds=5, peers=[], check=False)
        runner = rounds.Runner(programs.Programs(self.folder), None, asked, support.Quiet(late))
        runner.plan([WORKLOAD], 0)
        (result,) = runner.run(WORKLOAD)
        return result

    def test_runtimes_take_turns_at_being_first(self):
        support.program(self.folder, "work_awaitable", f'echo peer >> {self.folder}/order; echo "work awaitable done=5 cpu_s=2"')
        result = self.run_workload()
        self.assertEqual((self.folder / "order").read_text().split(), ["corun", "peer", "peer", "corun"] * 2 + ["corun", "peer"])
        self.assertEqual(result["summary"]["awaitable"]["cpu_s"]["median"], 2)
        self.assertEqual(result["verdicts"]["awaitable"]["cpu_s"]["verdict"], "more")

    def test_what_cannot_take_part_is_said(self):
        result = self.run_workload()
        self.assertEqual(result["skipped"]["awaitable"], "work_awaitable has not been built")
        self.assertEqual(result["skipped"]["boost_fiber"], "cannot")
        self.assertIn("  boost_fiber skipped: cannot", list(tables.workload(result)))

    def test_other_work_is_not_compared(self):
        support.program(self.folder, "work_awaitable", 'echo "work awaitable done=4 cpu_s=0.1"')
        result = self.run_workload()
        self.assertEqual(result["failed"], {"awaitable": "done=4, corun 5"})
        self.assertNotIn("awaitable", result["summary"])

    def test_a_failure_is_told_and_ends_only_that_runtime(self):
        for script, reason in (("echo no memory >&2; exit 1", "no memory"), ("echo nonsense", "printed 'nonsense'"),
                               ("echo work awaitable done=x", "printed 'work awaitable done=x'")):
            support.program(self.folder, "work_awaitable", script)
            result = self.run_workload()
            self.assertEqual(result["failed"], {"awaitable": reason})
            self.assertIn("corun", result["summary"])

    def test_what_this_system_does_not_offer_is_no_failure(self):
        support.program(self.folder, "work_awaitable", "echo no such call >&2; exit 77")
        result = self.run_workload()
        self.assertEqual((result["skipped"]["awaitable"], result["failed"]), ("no such call", {}))

    def test_when_the_time_is_up_nothing_more_is_begun(self):
        result = self.run_workload(late=True)
        self.assertEqual(result["summary"], {})
        self.assertIn("the time was up", result["skipped"]["—"])

    def test_less_work_replaces_the_option(self):
        self.assertEqual(rounds.with_less(["--a", "1", "--b", "2"], ("--a", "3")), ["--a", "3", "--b", "2"])


class Words(unittest.TestCase):
    def refused(self, *words):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as left:
            options.parse(words)
        self.assertEqual(left.exception.code, 2)
        self.assertEqual(said.getvalue().count("\n"), 1)
        return said.getvalue()

    def test_bad_input_is_one_line_that_says_what_there_is(self):
        self.assertIn("there is no NAME 'yeild'; there is: yield, ", self.refused("yeild"))
        self.assertIn("there is no peer ''", self.refused("--peers", "go,"))
        self.assertIn("not allowed with", self.refused("--quick", "--full"))
        self.assertIn("--rounds must be", self.refused("--rounds", "0"))
        self.assertIn("no file", self.refused("--compare", "/nonexistent.json"))
        self.assertIn("takes no --quick", self.refused("--check", "--quick"))
        self.assertIn("goes with no other argument", self.refused("--write-docs", __file__, "yield"))
        self.assertIn("there is no file", self.refused("--write-docs", "/nonexistent.json"))
        self.assertIn("takes no NAME", self.refused("yield", "--check-counts"))

    def test_a_report_of_another_kind_is_refused(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            for text in "[]", "{}", "nonsense", '{"schema": "corun-perf/1"}':
                pathlib.Path(file.name).write_text(text)
                with self.assertRaises(report.Unreadable):
                    report.read(pathlib.Path(file.name))

    def test_everything_that_was_asked_for_is_measured_under_its_own_name(self):
        names = {"yield", "spawn_join", "spawn_batch", "skynet", "parked", "concurrent_task", "ping_pong", "producer_consumer",
                 "mutex", "select", "cancellation", "timeout", "exception", "io_task", "url_fetch", "echo", "echo_idle", "http",
                 "tls_echo", "two_threads"}
        self.assertLessEqual(names, {workload.name for workload in catalogue.WORKLOADS})
        peers = {runtime for workload in catalogue.WORKLOADS for runtime in workload.runtimes}
        self.assertLessEqual({"boost_fiber", "asio_spawn", "awaitable", "callbacks", "beast", "raw_epoll", "io_uring", "thread",
                              "go", "gevent", "asyncio", "nginx"}, peers)
        for mode in "quick", "", "full":
            self.assertEqual([each.name for each in catalogue.WORKLOADS if not any(mode in case.modes for case in each.cases)], [])

    def test_curves_and_counts_are_of_known_workloads(self):
        names = {workload.name for workload in catalogue.WORKLOADS}
        for each in (*catalogue.CURVES, *catalogue.COUNTED):
            self.assertIn(each.workload, names)

    def test_time_left(self):
        clock = iter(range(100))
        shown = progress.Progress(budget=50, now=lambda: next(clock))
        shown.plan(("a",), 4)
        self.assertIsNone(shown.seconds_left())
        shown.took(("a",), 5)
        self.assertEqual(shown.seconds_left(), 15)
        self.assertFalse(shown.late())

    def test_what_is_not_used_is_left_to_the_others_and_the_whole_is_never_exceeded(self):
        now = [0]
        shown = progress.Progress(budget=100, now=lambda: now[0])
        shown.share(1, 10)
        self.assertTrue(shown.allows(10))
        self.assertFalse(shown.allows(11))
        self.assertTrue(shown.allows(14, stretch=1.5))
        now[0] = 2
        shown.share(1, 2)
        self.assertTrue(shown.allows(49))
        self.assertFalse(shown.allows(50))
        now[0] = 95
        shown.share(1, 1)
        self.assertFalse(shown.allows(6, stretch=9))
        self.assertEqual(shown.at_most(60), 5)
        now[0] = 101
        self.assertTrue(shown.late())

    def test_another_name_for_the_same(self):
        self.assertEqual(options.parse(["sleepers", "concurrent_task"]).names, ["concurrent_task"])


class Time(unittest.TestCase):
    """However long programs take and however many workloads there are, a run ends in time."""

    def run_all(self, budget, seconds_each, workloads, weight_of_first=1):
        now, begun = [0.0], []

        def output(command, limit, **_):
            begun.append(now[0])
            now[0] += min(seconds_each, limit)
            if seconds_each > limit:
                raise children.TookTooLong(f"took longer than {limit} s")
            return f"work {'corun' if str(command[0]).endswith('work') else 'go'} done=1 cpu_s=1"

        asked = types.SimpleNamespace(mode="", rounds=7, peers=[], check=False)
        shown = progress.Progress(budget, now=lambda: now[0])
        found = programs.Programs(pathlib.Path("/nowhere"))
        chosen = [dataclasses.replace(WORKLOAD, runtimes=("corun", "go"))] * workloads
        heavy = dataclasses.replace(WORKLOAD.cases[0], weight=weight_of_first)
        chosen[0] = dataclasses.replace(chosen[0], cases=(heavy,))
        runner = rounds.Runner(found, None, asked, shown)
        runner.plan(chosen, 4)
        with mock.patch.object(children, "output", output), mock.patch.object(rounds.time, "monotonic", lambda: now[0]), \
                mock.patch.object(programs.Programs, "why_not", lambda *_: None):
            results = [result for each in chosen for result in runner.run(each)]
        return now[0], results

    def test_quick_programs_get_all_their_rounds(self):
        end, results = self.run_all(100, 0.1, 20)
        self.assertTrue(all(len(result["runs"]["corun"]) == 7 for result in results))
        self.assertAlmostEqual(end, 20 * 7 * 2 * 0.1)

    def test_slow_programs_get_fewer_and_no_case_is_left_out(self):
        end, results = self.run_all(100, 0.6, 20)
        self.assertLessEqual(end, 100)
        self.assertTrue(all(len(result["runs"]["corun"]) >= 2 for result in results))
        self.assertTrue(all("the time was up" in result["skipped"]["—"] for result in results))

    def test_a_heavy_case_gets_all_its_rounds_where_light_ones_do_not(self):
        for weight, all_of_them in ((1, False), (5, True)):
            end, results = self.run_all(100, 0.6, 20, weight)
            self.assertLessEqual(end, 100)
            self.assertEqual(len(results[0]["runs"]["corun"]) == 7, all_of_them)
            self.assertTrue(all(len(result["runs"]["corun"]) >= 2 for result in results))

    def test_programs_that_hang_end_soon_after_the_time(self):
        end, results = self.run_all(100, 1000, 20)
        self.assertEqual({why for result in results for why in result["failed"].values()}, set())  # the limit was not their own
        self.assertLessEqual(end, 100 + 20 * 2 * progress.LEAST)


if __name__ == "__main__":
    unittest.main()
