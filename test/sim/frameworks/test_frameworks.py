#!/usr/bin/env python3
"""Simulations inside the tests of Boost.Test, GoogleTest and Catch2: who passes, who fails, and what the framework then says.

FRAMEWORK_BOOST_TEST, FRAMEWORK_GOOGLETEST and FRAMEWORK_CATCH2 name the programs; one is empty where its framework is not installed.
"""
import os
import re
import subprocess
import unittest

SECONDS = 120  # for what takes one; a guard against hangs


class Framework:
    """What its tests have in common; a subclass says how one test is run, and how the framework introduces an exception."""
    variable = name = exception = None

    def select(self, test):
        raise NotImplementedError

    def setUp(self):
        self.program = os.environ.get(self.variable)
        if not self.program:
            self.skipTest(f"{self.name} is not installed")

    def run_test(self, test):
        done = subprocess.run([self.program, *self.select(test)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
                              check=False, text=True, encoding="utf-8")
        return done.returncode, re.sub(r"\s+", " ", done.stdout)  # the framework's own line breaks are its affair

    def check_passes(self, test):
        code, output = self.run_test(test)
        self.assertEqual(code, 0, output)

    def check_fails(self, test, *parts):
        """All parts are in the framework's message of the exception, in this order."""
        code, output = self.run_test(test)
        self.assertGreater(code, 0, output)  # below: it died of a signal
        said = output.partition(self.exception)[2]
        where = 0
        for part in ("corun: a simulated run failed: ", *parts):
            where = said.find(part, where)
            self.assertGreaterEqual(where, 0, f"'{part}' is missing in: {output}")

    def test_passes(self):
        self.check_passes("passes")

    def test_report_is_asserted_on(self):
        self.check_passes("report_is_asserted_on")

    def test_run_fails(self):
        self.check_fails("run_fails", "a deadlock", "'main' (#1) waits in", "at programs.hpp:", "with seed 3", "replay(\"3/", "its turns:")

    def test_check_fails(self):
        self.check_fails("check_fails", "both were counted", "with seed", "replay(\"", "its turns:", "'adds' (#2) from programs.hpp:")

    def test_explore_fails(self):
        self.check_fails("explore_fails", "both were counted", "with seed", "replay(\"0/", "its turns:", "'adds' (#2) from programs.hpp:")

    def test_assertion_in_the_body_fails(self):
        self.check_fails("assertion_in_the_body_fails", "with seed", "replay(\"", "its turns:", "'adds' (#2) from programs.hpp:")


class BoostTest(Framework, unittest.TestCase):
    variable, name, exception = "FRAMEWORK_BOOST_TEST", "Boost.Test", "fatal error: in "

    def select(self, test):
        return f"--run_test={test}", "--color_output=no"


class GoogleTest(Framework, unittest.TestCase):
    variable, name, exception = "FRAMEWORK_GOOGLETEST", "GoogleTest", "C++ exception with description \""

    def select(self, test):
        return f"--gtest_filter=simulation.{test}", "--gtest_color=no"


class Catch2(Framework, unittest.TestCase):
    variable, name, exception = "FRAMEWORK_CATCH2", "Catch2", "due to unexpected exception with message: "

    def select(self, test):
        return (test,)


if __name__ == "__main__":
    unittest.main()
