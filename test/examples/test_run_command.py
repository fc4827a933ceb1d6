import os
import re
import signal
import subprocess
import unittest

import support


class RunCommand(unittest.TestCase):
    def run_shell(self, script, seconds=support.LONGEST):
        ended = support.run("run_command", seconds, "sh", "-c", script)
        self.assertRegex(ended.stdout, r"\Arunning \d+\n")
        return ended.returncode, ended.stdout.partition("\n")[2], ended.stderr

    def test_prints_the_lines_and_ends_with_the_code(self):
        self.assertEqual(self.run_shell("echo one; echo two; printf three; exit 5"), (5, "1 one\n2 two\nthree", ""))

    def test_many_lines(self):
        code, out, _ = self.run_shell("seq 20000")
        self.assertEqual((code, out), (0, "".join(f"{n} {n}\n" for n in range(1, 20001))))

    def test_death_by_a_signal(self):
        self.assertEqual(self.run_shell("kill -KILL $$")[0], 128 + signal.SIGKILL)

    def test_too_late_it_is_killed(self):
        ended = support.run("run_command", 0.1, "sleep", 3600)
        self.assertEqual(ended.returncode, 124)
        with self.assertRaises(ProcessLookupError):
            os.kill(int(re.match(r"running (\d+)", ended.stdout)[1]), 0)

    def test_signals_are_passed_on(self):
        with subprocess.Popen([support.example("run_command"), str(support.LONGEST), "sh", "-c",
                               "trap 'echo caught; exit 3' TERM; echo set; while :; do sleep 0.01; done"],
                              stdout=subprocess.PIPE, text=True) as process:
            self.assertRegex(process.stdout.readline(), "running")
            self.assertEqual(process.stdout.readline(), "1 set\n")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.stdout.read(), "2 caught\n")
            self.assertEqual(process.wait(support.LONGEST), 3)

    def test_a_command_that_there_is_not(self):
        ended = support.run("run_command", 1, "/no/such/command")
        self.assertEqual((ended.returncode, ended.stderr), (1, "run_command: /no/such/command: No such file or directory\n"))


if __name__ == "__main__":
    unittest.main()
