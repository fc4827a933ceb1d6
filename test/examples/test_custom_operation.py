import unittest

import support


class CustomOperation(unittest.TestCase):
    def test_prints(self):
        ended = support.run("custom_operation")
        self.assertEqual(ended.stdout.splitlines(), ["one fiber waits, this one runs on", "received: the value of x",
                                                     "nobody delivered; the wait was cancelled"])
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
