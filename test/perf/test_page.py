"""Tests of how results are shown as a page, and kept. Run: python3 test/perf/test_page.py"""

import html.parser
import json
import pathlib
import re
import tempfile
import unittest
import xml.etree.ElementTree

import support
from suite import page, report


class Page(html.parser.HTMLParser, unittest.TestCase):
    def __init__(self, *arguments):
        unittest.TestCase.__init__(self, *arguments)
        html.parser.HTMLParser.__init__(self)
        self.outside = []

    def handle_starttag(self, tag, attributes):
        outside = any(name in ("src", "href") and not value.startswith("#") for name, value in attributes)
        if outside or tag in ("script", "link", "img"):
            self.outside.append(tag)

    def whole(self):
        points = [{"size": 10 ** n, "min": n + 1, "median": n + 2, "max": n + 3} for n in range(4)]
        curve = {"workload": "work", "grows": "things", "unit": "ns", "points": {"corun": points}, "slope": {"corun": 0.4},
                 "superlinear": ["corun"], "skipped": {}, "failed": {}}
        counts = {"workload": "work", "title": "one <thing>", "counts": {"corun": {"instructions": 12.5}}, "skipped": {},
                  "failed": {}}
        results = [support.result([1, 1.1, 1.2, 1, 1], go=[90] * 5, gevent=[1] * 5)]
        return page.whole(support.report(results, [counts], [curve]))

    def test_it_needs_nothing_from_elsewhere(self):
        self.feed(self.whole())
        self.assertEqual(self.outside, [])
        self.assertNotIn("url(", self.whole())

    def test_charts_are_well_formed_and_draw_the_spread(self):
        drawings = re.findall(r"<svg.*?</svg>", self.whole(), re.DOTALL)
        self.assertEqual(len(drawings), 3)
        for drawing in drawings:
            xml.etree.ElementTree.fromstring(drawing)
        self.assertEqual(drawings[1].count('class="spread"'), 3)

    def test_it_says_what_is_not_certain_and_escapes_what_it_shows(self):
        text = self.whole()
        self.assertIn("too noisy to tell apart from corun (CPU s): gevent", text)
        self.assertIn("busy with other things for 20%", text)
        self.assertIn("one &lt;thing&gt;", text)
        self.assertIn("superlinear", text)
        self.assertIn("prefers-color-scheme:dark", text)
        self.assertIn("width=device-width", text)

    def test_the_report_can_be_read_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "new" / "report.json"
            report.check_place(path)
            report.write(path, support.report([support.result([1])]))
            self.assertEqual(report.read(path)["results"][0]["case"], "much")
            self.assertEqual(json.loads(path.read_text())["schema"], report.SCHEMA)


if __name__ == "__main__":
    unittest.main()
