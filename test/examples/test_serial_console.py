import os
import subprocess
import tty
import unittest

import support


class SerialConsole(unittest.TestCase):
    def open(self, *arguments):
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        process = self.enterContext(subprocess.Popen([support.example("serial_console"), os.ttyname(theirs), *arguments],
                                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")
        os.close(theirs)
        return ours, process

    def test_answers_lines_whole_and_in_pieces_until_quit(self):
        line, process = self.open()
        with open(line, "r+b", buffering=0) as line:
            line.write(b"hello\nab")
            self.assertEqual(line.read(6), b"olleh\n")
            line.write(b"cd\n")
            self.assertEqual(line.read(5), b"dcba\n")
            line.write(b"quit\n")
            self.assertEqual((process.wait(support.LONGEST), process.stdout.read()), (0, "done\n"))

    def test_a_line_that_is_cut_is_an_error(self):
        line, process = self.open()
        os.close(line)
        self.assertEqual(process.wait(support.LONGEST), 1)
        self.assertRegex(process.stderr.read(), "^serial_console: /dev/[^:]*: (End of file|Input/output error)\n$")

    def test_silence_and_noise_end_it(self):
        line, process = self.open("0.1")
        self.assertEqual(process.wait(support.LONGEST), 1)
        self.assertRegex(process.stderr.read(), "timed out")
        os.close(line)
        line, process = self.open()
        os.write(line, b"x" * 1000)
        self.assertEqual(process.wait(support.LONGEST), 1)
        self.assertRegex(process.stderr.read(), "Element not found")
        os.close(line)

    def test_a_device_that_there_is_not(self):
        ended = support.run("serial_console", "/dev/no-such-device")
        self.assertEqual((ended.returncode, ended.stderr), (1, "serial_console: /dev/no-such-device: No such file or directory\n"))


if __name__ == "__main__":
    unittest.main()
