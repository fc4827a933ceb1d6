"""The figures in the guide to communication are those of docs/performance.md."""
import pathlib
import re
import unittest

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
COLUMNS = ["corun", "go", "boost_fiber", "asio_spawn", "awaitable"]
ROWS = {  # of the guide: of the report
    "a round trip over two channels of capacity 0": "ping_pong, 2 fibers",
    "a value, producer to consumer, capacity 1024": "producer_consumer, capacity 1024",
    "a value, from one thread to another, capacity 1024": "concurrent_channel, capacity 1024",
    "lock, yield, unlock, among 10 fibers": "mutex, 10 fibers",
    "a receive": "select, alone",
    "… by a select over 8 channels and a timer": "select, by a select of 8 channels and a timer",
}


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(page):
    """Tables' rows by their first cell."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    return {first: rest for first, *rest in map(cells, (line for line in lines if line.startswith("|")))}


def figures(report_row):
    """Of each who was measured, the figure as it is written."""
    _, own, others = report_row
    return {"corun": own.strip("*"), **dict(re.findall(r"(\w+) (?:\(aside\) )?([\d.,]*\d)", others))}


class Figures(unittest.TestCase):
    def test_the_guide_has_the_reports(self):
        report, guide = rows("performance.md"), rows("guide/communication.md")
        for ours, theirs in ROWS.items():
            with self.subTest(ours):
                measured = figures(report[theirs])
                self.assertEqual(guide[ours], [measured.get(column, "") for column in COLUMNS])

    def test_so_has_its_text(self):
        report = rows("performance.md")
        text = " ".join((DOCS / "guide/communication.md").read_text(encoding="utf-8").split())
        for row, who, sentence in [
            ("ping_pong, 2 fibers", "jump_fcontext", "a bare `jump_fcontext` takes {}."),
            ("mutex, 10 fibers", "corun_concurrent", "the row of the mutex is {} for a `concurrent_mutex`"),
            ("concurrent_channel, capacity 1024", "corun_from_thread", "a plain thread sends to a fiber takes {},"),
        ]:
            with self.subTest(who):
                self.assertIn(sentence.format(figures(report[row])[who]), text)


if __name__ == "__main__":
    unittest.main()
