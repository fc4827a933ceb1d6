import unittest

import support


class Hello(unittest.TestCase):
    def test_prints(self):
        ended = support.run("hello")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "hello, world\nthe answer is 42\n", ""))


if __name__ == "__main__":
    unittest.main()
