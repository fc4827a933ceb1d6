"""Tests of what several rounds are taken to tell. Run: python3 test/perf/test_samples.py"""

import math
import unittest

import support  # noqa: F401
from suite import compare, curves, samples


class Verdicts(unittest.TestCase):
    def test_five_rounds_that_agree_decide(self):
        self.assertEqual(samples.verdict([1, 1, 1, 1, 1], [2, 3, 2, 2, 1.01])["verdict"], "more")
        self.assertEqual(samples.verdict([1, 1, 1, 1, 1], [0.9, 0.5, 0.99, 0.8, 0.9])["verdict"], "less")

    def test_one_round_of_five_that_disagrees_leaves_it_open(self):
        self.assertEqual(samples.verdict([1, 1, 1, 1, 1], [2, 2, 2, 2, 0.9])["verdict"], "noise")

    def test_of_many_rounds_a_few_may_disagree(self):
        self.assertEqual(samples.verdict([1] * 15, [2] * 12 + [0.5] * 3)["verdict"], "more")
        self.assertEqual(samples.verdict([1] * 15, [2] * 10 + [0.5] * 5)["verdict"], "noise")

    def test_four_rounds_decide_nothing(self):
        self.assertEqual(samples.verdict([1] * 4, [9] * 4)["verdict"], "few")

    def test_what_disturbs_a_round_disturbs_both(self):
        verdict = samples.verdict([1, 10, 1, 5, 1], [1.5, 15, 1.5, 7.5, 1.5])
        self.assertEqual((verdict["verdict"], verdict["ratio"]), ("more", 1.5))

    def test_the_interval_holds_the_median_with_the_confidence_that_is_promised_and_is_no_wider(self):
        def outside(rounds, dropped):  # that the median is below the smallest or above the largest of those that are kept
            return 2 * sum(math.comb(rounds, number) for number in range(dropped + 1)) / 2 ** rounds
        for rounds in range(samples.FEWEST, 60):
            dropped = samples.dropped(rounds)
            self.assertEqual(samples.interval(list(range(rounds))), (dropped, rounds - 1 - dropped))
            self.assertLessEqual(outside(rounds, dropped), 1 - samples.CONFIDENCE)
            self.assertGreater(outside(rounds, dropped + 1), 1 - samples.CONFIDENCE)
        self.assertEqual([samples.interval([1] * rounds) for rounds in range(samples.FEWEST)], [None] * samples.FEWEST)

    def test_nobody_is_ranked_by_nothing(self):
        self.assertIsNone(samples.verdict([0] * 5, [1] * 5))
        self.assertEqual(samples.verdict([1] * 5, [1] * 5)["verdict"], "noise")

    def test_summary(self):
        self.assertEqual(samples.summary([3, 1, 2]), {"min": 1, "median": 2, "max": 3, "spread": 1})


class Growth(unittest.TestCase):
    def judged(self, cost):
        result = {"points": {"corun": [{"size": 10 ** n, "min": cost(10 ** n)} for n in range(7)]}, "slope": {}, "superlinear": []}
        curves.judge(result)
        return result["superlinear"]

    def test_a_scan_of_a_list_is_superlinear(self):
        self.assertEqual(self.judged(lambda size: size / 100 + 5), ["corun"])
        self.assertEqual(self.judged(lambda size: size ** 0.5), ["corun"])

    def test_a_logarithm_and_what_is_done_once_are_not(self):
        self.assertEqual(self.judged(lambda size: len(str(size)) * 10), [])
        self.assertEqual(self.judged(lambda size: 1e6 / size + 5), [])


class Comparison(unittest.TestCase):
    def changes(self, old, new):
        return [change["verdict"] for change in compare.changes(support.report([old]), support.report([new]))]

    def test_beyond_the_noise(self):
        old, slower = [1, 1.1, 1, 1.05, 1], [2, 2.1, 2, 2, 2.2]
        self.assertEqual(self.changes(support.result(old), support.result(slower)), ["slower"])
        self.assertEqual(self.changes(support.result(slower), support.result(old)), ["faster"])

    def test_within_the_noise(self):
        self.assertEqual(self.changes(support.result([1, 2, 1, 2, 1]), support.result([1.5, 2.5, 1.5, 1.6, 2])), ["noise"])

    def test_less_than_three_percent_is_noise(self):
        self.assertEqual(self.changes(support.result([1] * 5), support.result([1.02] * 5)), ["noise"])

    def test_what_slowed_the_peers_as_well_was_the_machine(self):
        old = support.result([1] * 5, awaitable=[2] * 5, go=[4] * 5)
        new = support.result([3] * 5, awaitable=[6] * 5, go=[12] * 5)
        self.assertEqual(self.changes(old, new), ["noise"])

    def test_where_the_peers_wander_more_than_corun_changed_it_may_have_been_the_machine(self):
        old = support.result([1] * 5, awaitable=[2, 3, 2, 3, 2])
        self.assertEqual(self.changes(old, support.result([1.2] * 5, awaitable=[2, 3, 2, 3, 2])), ["noise"])
        self.assertEqual(self.changes(old, support.result([2] * 5, awaitable=[2, 3, 2, 3, 2])), ["slower"])

    def test_too_few_rounds(self):
        self.assertEqual(self.changes(support.result([1]), support.result([3])), ["few"])


if __name__ == "__main__":
    unittest.main()
