"""Tests of how a report's results get into docs/performance.md. Run: python3 test/perf/test_document.py"""

import pathlib
import tempfile
import unittest

import support
from suite import document


class Document(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.page = pathlib.Path(folder.name) / "performance.md"

    def write(self, report):
        document.write(report, self.page)
        return self.page.read_text(encoding="utf-8")

    def test_only_what_is_between_the_marks_changes_however_often(self):
        self.page.write_text(f"before\n\n{document.BEGIN}\nold\n{document.END}\n\nafter\n", encoding="utf-8")
        results = [support.result([1, 1.1, 1.2, 1, 1], go=[90] * 5, gevent=[1] * 5)]
        counts = [{"workload": "work", "title": "thing", "counts": {"corun": {"instructions": 12.5}}, "skipped": {}, "failed": {}}]
        text = self.write(support.report(results, counts))
        self.assertEqual(text, self.write(support.report(results, counts)))
        self.assertTrue(text.startswith("before\n") and text.endswith("\nafter\n"))
        self.assertNotIn("old", text)
        self.assertIn("| work, much | CPU s | **1.000** | gevent 1.000, (1.00 ×); go 90.000, 90.00 × |", text)
        self.assertIn("| thing | corun | 12.5 |", text)
        self.assertIn("**So the machine was busy", text)

    def test_a_page_without_marks_is_left_alone(self):
        self.page.write_text("all of it", encoding="utf-8")
        with self.assertRaisesRegex(document.Unwritable, "lost its marks"):
            self.write(support.report([]))
        self.assertEqual(self.page.read_text(), "all of it")

    def test_the_real_page_has_them(self):
        text = document.PATH.read_text(encoding="utf-8")
        self.assertEqual((text.count(document.BEGIN), text.count(document.END)), (1, 1))


if __name__ == "__main__":
    unittest.main()
