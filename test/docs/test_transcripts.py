"""Plays the sessions of the guides, and tests that a page which says something else is found out."""
import contextlib
import io
import pathlib
import tempfile
import unittest

import transcripts

GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "guide" / "debugging.md"


def steps(*lines):
    ((_, found),) = transcripts.sessions_of("\n".join(["```console", *lines, "```"]))
    return found


class Sessions(unittest.TestCase):
    def test_commands_and_their_output_are_told_apart(self):
        first, second = steps("$ stuck &", "open", "$ gdb -p $!")
        self.assertEqual((first.command, first.output, second.command, second.output), ("stuck &", ["open"], "gdb -p $!", []))

    def test_what_varies_is_not_compared(self):
        self.assertTrue(transcripts.fits(["at 0x12, /a/b.cpp:3 took 5 ms"], "at 0xff, /c/d/b.cpp:3 took 1.25 s\n"))

    def test_all_else_is_compared(self):
        self.assertFalse(transcripts.fits(["at b.cpp:3"], "at b.cpp:4\n"))
        self.assertFalse(transcripts.fits(["one"], "one\ntwo\n"))
        self.assertFalse(transcripts.fits([], "one\n"))

    def test_an_ellipsis_stands_for_lines_or_text(self):
        self.assertTrue(transcripts.fits(["a", "…", "d… f"], "a\nb\nc\nd e f\n"))
        self.assertFalse(transcripts.fits(["a", "…", "d"], "a\nb\n"))

    def test_a_page_that_lies_is_found_out_and_rewritten(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text("```console\n$ echo ${X=yes}\nno\n$ false &\n```\n")
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                self.assertEqual(transcripts.main([str(page)]), 1)
                self.assertEqual(transcripts.main(["--write", str(page)]), 0)
                self.assertEqual(transcripts.main([str(page)]), 0)
            self.assertIn("page.md:2: `echo ${X=yes}` writes something else", said.getvalue())
            self.assertIn("\nyes\n", page.read_text())

    def test_the_guide_shows_what_the_examples_write(self):
        self.assertEqual(transcripts.main([str(GUIDE)]), 0)


if __name__ == "__main__":
    unittest.main()
