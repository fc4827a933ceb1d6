"""Tests of the guard over the counts. Run: python3 test/perf/test_guard.py"""

import json
import pathlib
import tempfile
import unittest
import unittest.mock as mock

import support
from suite import baseline, catalogue, children, counts, programs

BUILD = {"compiler": "GNU 12.2.0", "boost": "1.81.0", "arch": "x86_64", "flags": "-O2", "guards": "madvise"}


def counted(instructions, allocations=0, **more):
    return [{"title": "yield", "counts": {"corun": {"instructions": instructions, "allocations": allocations}},
             "skipped": {}, "failed": {}, **more}]


class Guard(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name) / "baseline.json"
        baseline.accept(BUILD, baseline.of_corun(counted(100)), self.path)

    def check(self, results, build=None):
        status, lines = baseline.check(build or BUILD, results, self.path)
        return status, "\n".join(lines)

    def test_three_percent_pass(self):
        self.assertEqual(self.check(counted(103))[0], 0)
        self.assertEqual(self.check(counted(97))[0], 0)

    def test_more_fails_with_both_figures_and_the_way_to_accept_it(self):
        status, text = self.check(counted(104))
        self.assertEqual(status, 1)
        for words in ("yield: instructions", "100 in the baseline", "104 now", "+4.0%", "./dev perf --accept-counts",
                      "baseline.json"):
            self.assertIn(words, text)

    def test_less_fails_too_or_it_could_be_lost_again_unseen(self):
        self.assertEqual(self.check(counted(90))[0], 1)

    def test_a_first_allocation_fails(self):
        status, text = self.check(counted(100, allocations=1))
        self.assertEqual(status, 1)
        self.assertIn("there were none", text)

    def test_what_is_missing_or_new_fails(self):
        self.assertEqual(self.check([])[0], 1)
        self.assertEqual(self.check(counted(100) + [{**counted(5)[0], "title": "new"}])[0], 1)

    def test_another_compiler_is_skipped_and_said(self):
        status, text = self.check(counted(500), {**BUILD, "compiler": "GNU 15.1.0"})
        self.assertEqual(status, 77)
        self.assertIn("GNU 15.1.0", text)
        self.assertIn("./dev perf --accept-counts", text)

    def test_a_kernel_that_guards_stacks_otherwise_is_another_machine(self):
        status, text = self.check(counted(500), {**BUILD, "guards": "mprotect"})
        self.assertEqual(status, 77)
        self.assertIn("mprotect", text)

    def test_variants_of_coruns_are_guarded_too_and_peers_are_not(self):
        (result,) = counted(100)
        result["counts"] |= {"corun_token": {"instructions": 7}, "go": {"instructions": 5}}
        self.assertEqual(set(baseline.of_corun([result])), {"yield", "yield (corun_token)"})

    def test_a_missing_tool_is_skipped_and_said(self):
        status, text = self.check(counted(100, skipped={"instructions": "valgrind is not installed"}))
        self.assertEqual((status, text), (77, "skipped: instructions: valgrind is not installed"))

    def test_a_program_that_fails_is_no_skip(self):
        self.assertEqual(self.check(counted(100, failed={"corun": "crashed"}))[0], 1)

    def test_accepting_replaces_its_own_and_keeps_the_others(self):
        baseline.accept({**BUILD, "boost": "1.88.0"}, baseline.of_corun(counted(80)), self.path)
        baseline.accept(BUILD, baseline.of_corun(counted(104)), self.path)
        self.assertEqual(self.check(counted(104))[0], 0)
        self.assertEqual(self.check(counted(80), {**BUILD, "boost": "1.88.0"})[0], 0)
        self.assertEqual(len(baseline.load(self.path)), 2)

    def test_accepting_drops_counts_of_which_it_is_not_known_how_their_stacks_were_guarded(self):
        whole = json.loads(self.path.read_text(encoding="utf-8"))
        del whole["baselines"][0]["guards"]
        self.path.write_text(json.dumps(whole), encoding="utf-8")
        baseline.accept(BUILD, baseline.of_corun(counted(104)), self.path)
        self.assertEqual(self.check(counted(104))[0], 0)
        self.assertEqual(len(baseline.load(self.path)), 1)


class Counting(unittest.TestCase):
    def count(self, script, late=False):
        counted = catalogue.Counted("work", "thing", 10, 30, kinds=("allocations",), runtimes=("corun", "go"))
        workload = catalogue.Workload("work", "does something", counted.runtimes, (), pinned=False)
        result = counts.nothing_yet(counted)
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(counts, "workload_called", lambda _: workload):
            folder = pathlib.Path(folder)
            support.program(folder, "work", script)
            (folder / "perf/count_allocations.so").touch()  # which the loader leaves out, with a complaint
            counts.Counter(programs.Programs(folder), support.Quiet(late)).count(counted, ["corun", "go"], result)
        return result

    def test_what_a_program_does_once_is_not_in_it(self):
        result = self.count('echo $((1000 + 7 * $2)) > "$CORUN_PERF_ALLOCATIONS"')
        self.assertEqual(result["counts"], {"corun": {"allocations": 7.0}})
        self.assertIn("go", result["skipped"])

    def test_a_failure_is_told(self):
        self.assertEqual(self.count("echo broken >&2; exit 1")["failed"], {"corun": "allocations: broken"})

    def test_when_the_time_is_up_nothing_more_is_counted_and_that_is_said_once(self):
        result = self.count("exit 1", late=True)
        self.assertEqual((result["counts"], result["failed"]), ({}, {}))
        self.assertEqual(result["skipped"]["—"], "the time was up before all was counted")


class Tools(unittest.TestCase):
    def read(self, kind, text):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            environment = {}
            _, pattern = counts.instrumented(kind, ["program"], log, environment, pathlib.Path(__file__))
            log.write_text(text)
            return counts.read(log, pattern, kind)

    def test_what_they_tell_is_read(self):
        self.assertEqual(self.read("instructions", "==1== Events    : Ir\n==1== Collected : 2345678\n"), 2345678)
        self.assertEqual(self.read("system_calls", "        1 rseq\n--------- ------\n       29 total\n"), 29)
        self.assertEqual(self.read("allocations", "17\n"), 17)

    def test_a_tool_that_tells_nothing_is_a_failure(self):
        for kind in "instructions", "system_calls", "allocations":
            with self.assertRaises(children.Failed):
                self.read(kind, "no such thing")


if __name__ == "__main__":
    unittest.main()
