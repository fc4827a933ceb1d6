"""Tests of the table of goals. Run: python3 test/perf/test_goals.py"""

import unittest

import support
from suite import catalogue, document, figures, goals, page, tables

ASKED = {  # as they were set, whoever is the best peer
    "yield, 2 fibers ÷ best peer": "≤ 0.25", "yield, 1000 fibers ÷ best peer": "≤ 0.3", "yield, 2 fibers ÷ jump_fcontext": "≤ 2.5",
    "yield, 10,000 fibers ÷ 2 fibers": "≤ 4", "spawn and join ÷ asio_spawn": "≤ 0.25",
    "spawn and join, batches of 1000 alive at once ÷ asio_spawn": "≤ 0.4",
    "spawn and join, batches of 1000 that end at once ÷ asio_spawn": "≤ 0.4",
    "skynet, 1,000,000 leaves ÷ best peer": "≤ 0.5", "skynet, 1,000,000 leaves that wait once ÷ best peer": "≤ 0.5",
    "skynet, 1,000,000 leaves, MB resident": "≤ 250", "parked, 100,000 fibers, KiB resident each": "≤ 4.6",
    "parked, 1,000,000 fibers, KiB resident each": "≤ 4.6", "parked, 1,000,000 fibers, CPU µs to create each": "≤ 4",
    "parked, 1,000,000 fibers, create ÷ a page's first touch (4 ÷ 2.7 asked)": "≤ 1.48",
    "parked, 1,000,000 fibers, fibers lost": "≤ 0",
    "sleepers, 10,000, CPU ÷ awaitable": "≤ 1.6", "sleepers, 10,000, CPU ÷ gevent": "≤ 0.1", "ping-pong ÷ best peer": "≤ 0.2",
    "ping-pong ÷ jump_fcontext (110 ns ÷ 10 asked)": "≤ 11", "ping-pong, allocations": goals.NOTHING,
    "producer and consumer, capacity 1024 ÷ best peer": "≤ 0.4", "values per second from thread to thread ÷ go": "≥ 1.5",
    "mutex ÷ best peer": "≤ 0.25", "mutex, allocations": goals.NOTHING, "select of 8 channels and a timer ÷ a plain receive": "≤ 2",
    "select of 8 channels and a timer ÷ a plain receive, instructions": "≤ 2", "select, allocations": goals.NOTHING,
    "url_fetch, 1000 requests, wall ÷ best peer": "< 1", "url_fetch, 1000 requests, CPU ÷ best peer": "< 1",
    "url_fetch, 10,000 requests, wall ÷ best peer": "< 1", "url_fetch, 10,000 requests, CPU ÷ best peer": "< 1",
    "url_fetch, 10,000 requests, CPU ÷ raw_epoll": "≤ 1.15", "echo, 64 connections, CPU ÷ raw_epoll": "≤ 1.08",
    "echo, 64 connections, CPU ÷ callbacks": "< 1", "echo, 1000 connections, CPU ÷ callbacks": "< 1",
    "echo, 64 busy connections, instructions": "≤ 300", "echo, 64 busy connections, system calls": "≤ 2.15",
    "echo, 64 busy connections, allocations": goals.NOTHING, "echo, 1 parked connection, no locks, instructions": "≤ 1100",
    "echo, 1 parked connection, no locks, system calls": "≤ 7", "echo, 1 parked connection, no locks, allocations": goals.NOTHING,
    "echo, 1 parked connection, no locks, by the token, instructions": "≤ 1450", "10,000 idle connections, KiB resident each": "≤ 6",
    "http, CPU ÷ beast": "< 1", "http, CPU ÷ callbacks": "< 1", "requests per second, two threads ÷ one": "≥ 1.8",
    "ping-pong beside 1000 to 1,000,000 waiters: p of cost ~ waiters^p": goals.FLAT,
    "select beside 1000 to 1,000,000 waiters: p of cost ~ waiters^p": goals.FLAT,
    "mutex for which 1000 to 1,000,000 wait: p of cost ~ waiters^p": goals.FLAT,
}


def whole(results=(), counts=(), curves=(), names=None, mode="", boost="1.81.0"):
    report = support.report(list(results), counts, curves)
    report["options"].update(mode=mode, names=names or [each.name for each in catalogue.WORKLOADS])
    report["machine"]["boost"] = boost
    return report


def result(workload, case, medians, skipped=(), failed=()):
    return {"workload": workload, "case": case, "skipped": dict(skipped), "failed": dict(failed),
            "summary": {runtime: {key: {"median": value} for key, value in keys.items()} for runtime, keys in medians.items()}}


class Goals(unittest.TestCase):
    def one(self, beginning, *given, **more):
        (found,) = [goal for goal in goals.evaluate(whole(*given, **more)) if goal["goal"].startswith(beginning)]
        return found

    def test_each_has_its_figure(self):
        self.assertEqual({goal["goal"]: goal["asked"] for goal in goals.evaluate(whole())}, ASKED)

    def test_every_one_is_of_something_that_is_measured(self):
        cases = {(each.name, case.title, runtime)
                 for each in catalogue.WORKLOADS for case in each.cases for runtime in each.runtimes}
        counts = {(each.title, runtime, kind) for each in catalogue.COUNTED for runtime in each.runtimes for kind in each.kinds}
        asked, counted, drawn = set(), set(), set()

        class Asked(figures.Figures):
            def median(self, workload, case, runtime, key):
                asked.add((workload, case, runtime))
                return 1.0

            def count(self, title, runtime, kind):
                counted.add((title, runtime, kind))
                return 1.0

            def growth(self, grows):
                drawn.add(grows)
                return 0.0

        for list_goals in goals.GOALS.values():
            list(list_goals(Asked(whole())))
        self.assertEqual((asked - cases, counted - counts), (set(), set()))
        self.assertLessEqual(drawn, {curve.grows for curve in catalogue.CURVES})
        self.assertTrue(asked and counted and drawn)

    def test_the_bound_itself_meets_it_unless_less_is_asked(self):
        def of(corun, callbacks):
            return self.one("echo, 1000 connections, CPU ÷ callbacks", [result("echo", "1000 connections", {
                "corun": {"op_cpu_ns": corun}, "callbacks": {"op_cpu_ns": callbacks}})])["met"]

        def yields(corun):
            return self.one("yield, 2 fibers ÷ best peer", [result("yield", "2 fibers", {
                "corun": {"op_cpu_ns": corun}, "go": {"op_cpu_ns": 1}, "boost_fiber": {"op_cpu_ns": 50},
                "awaitable": {"op_cpu_ns": 40}})])

        self.assertEqual((of(7, 8), of(8, 8), of(9, 8)), (True, False, False))
        self.assertEqual((yields(10)["met"], yields(10.1)["met"]), (True, False))
        # Of those that the goal names, which Go is not.
        self.assertEqual(yields(10)["goal"], "yield, 2 fibers ÷ best peer (awaitable)")

    def test_more_values_per_second_are_better(self):
        def of(corun):
            return self.one("values per second", [result("concurrent_channel", "capacity 1024", {
                "corun": {"op_ns": corun}, "go": {"op_ns": 60}})])

        self.assertEqual((of(40)["measured"], of(40)["met"], of(41)["met"]), (1.5, True, False))

    def test_counts_are_goals(self):
        counts = [{"workload": "echo", "title": "echo, 1 parked connection, no locks", "skipped": {}, "failed": {}, "counts": {
            "corun": {"instructions": 1101, "allocations": 0.0, "system_calls": 7.0}, "corun_token": {"instructions": 1400}}}]
        met = {goal["goal"]: goal["met"] for goal in goals.evaluate(whole(counts=counts, names=["echo"]))}
        self.assertEqual([met[f"echo, 1 parked connection, no locks, {what}"] for what in ("instructions", "system calls", "allocations")],
                         [False, True, True])
        by_token = "echo, 1 parked connection, no locks, by the token, instructions"
        self.assertTrue(met[by_token])
        self.assertEqual(self.one(by_token, counts=counts, boost="1.83.0")["asked"], "≤ 1100")
        self.assertFalse(self.one(by_token, counts=counts, boost="1.83.0")["met"])

    def test_growth_is_that_of_work_where_it_was_counted(self):
        curve = {"workload": "mutex", "grows": "fibers that contend for a mutex", "slope": {"corun": 0.4}, "work_slope": {}}
        self.assertFalse(self.one("mutex for which", curves=[curve])["met"])
        self.assertTrue(self.one("mutex for which", curves=[{**curve, "work_slope": {"corun": 0.0}}])["met"])

    def test_only_those_of_what_was_asked_for(self):
        self.assertEqual({goal["goal"].partition(",")[0] for goal in goals.evaluate(whole(names=["mutex"]))},
                         {"mutex ÷ best peer", "mutex", "mutex for which 1000 to 1"})


class Unmeasured(unittest.TestCase):
    def why(self, beginning, *given, **more):
        (goal,) = [goal for goal in goals.evaluate(whole(*given, **more)) if goal["goal"].startswith(beginning)]
        self.assertEqual((goal["measured"], goal["met"]), (None, None))
        return goal["why"]

    def test_what_a_shorter_run_leaves_out_says_which_run_has_it(self):
        self.assertEqual(self.why("10,000 idle connections", mode="quick"), "./dev perf measures it")
        self.assertEqual(self.why("parked, 1,000,000 fibers, KiB", mode="quick"), "./dev perf --full measures it")
        self.assertEqual(self.why("parked, 1,000,000 fibers, KiB"), "./dev perf --full measures it")
        curve = {"workload": "mutex", "grows": "fibers that contend for a mutex", "slope": {"corun": None}, "work_slope": {},
                 "skipped": {}, "failed": {}}
        self.assertEqual(self.why("mutex for which", curves=[curve], mode="quick"), "./dev perf measures it")

    def test_no_goal_of_a_quick_run_is_left_without_a_word(self):
        quick = {(each.name, case.title) for each in catalogue.WORKLOADS for case in each.cases if "quick" in case.modes}
        measured = dict.fromkeys(("op_cpu_ns", "op_ns", "cpu_s", "wall_s", "rss_kib", "create_cpu_ns", "resident_b", "load_part",
                                  "woken"), 1.0)
        results = [result(workload, case, {runtime: measured for each in catalogue.WORKLOADS if each.name == workload
                                           for runtime in each.runtimes}) for workload, case in quick]
        counts = [{"title": each.title, "skipped": {}, "failed": {},
                   "counts": {runtime: dict.fromkeys(each.kinds, 1.0) for runtime in each.runtimes if runtime.startswith("corun")}}
                  for each in catalogue.COUNTED]
        curves = [{"grows": each.grows, "slope": {"corun": None}, "work_slope": {}, "skipped": {}, "failed": {}}
                  for each in catalogue.CURVES]
        found = goals.evaluate(whole(results, counts, curves, mode="quick"))
        self.assertEqual([goal["goal"] for goal in found if goal["measured"] is None and not goal["why"]], [])
        self.assertTrue(any(goal["why"] for goal in found))

    def test_who_was_missing_is_said(self):
        results = [result("concurrent_task", "10,000 tasks", {"corun": {"cpu_s": 1}}, {"gevent": "python3-gevent is not installed"},
                          {"awaitable": "crashed"})]
        self.assertEqual(self.why("sleepers, 10,000, CPU ÷ gevent", results), "gevent: python3-gevent is not installed")
        self.assertEqual(self.why("sleepers, 10,000, CPU ÷ awaitable", results), "awaitable: crashed")

    def test_a_tool_that_is_missing_is_said(self):
        counts = [{"title": "ping-pong, a round trip", "counts": {}, "skipped": {"allocations": "no such library"}, "failed": {}}]
        self.assertEqual(self.why("ping-pong, allocations", counts=counts), "no such library")

    def test_it_is_shown_everywhere(self):
        report = whole(mode="quick", names=["echo_idle"])
        report["goals"] = goals.evaluate(report)
        words = "not measured: ./dev perf measures it"
        self.assertIn(words, "\n".join(tables.goals(report["goals"])))
        self.assertIn(words, page.whole(report))
        self.assertIn(words, "\n".join(document.lines(report)))


if __name__ == "__main__":
    unittest.main()
