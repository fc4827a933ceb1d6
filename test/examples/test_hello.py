import shutil
import subprocess
import unittest

import support

PRINTED = "hello, world\nthe answer is 42\n"


class Hello(unittest.TestCase):
    def test_prints(self):
        ended = support.run("hello")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, PRINTED, ""))

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_valgrind_knows_the_stacks(self):
        ended = subprocess.run(["valgrind", "--error-exitcode=9", "--leak-check=full", support.example("hello")],
                               capture_output=True, text=True, timeout=support.LONGEST)
        self.assertEqual((ended.returncode, ended.stdout), (0, PRINTED), ended.stderr)
        self.assertNotIn("switching stacks", ended.stderr)  # that is what it asks about stacks that it does not know


if __name__ == "__main__":
    unittest.main()
