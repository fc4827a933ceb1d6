"""Chrome's tracing view, without its window, opens the traces that the examples and the tests of traces write."""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PAGES = sorted(pathlib.Path("/usr").glob("share/go-*/**/trace_viewer_full.html"))  # Debian's golang-src has it
NODE = shutil.which("node") or shutil.which("nodejs")
SLOW = pathlib.Path(os.environ["CORUN_EXAMPLES"]) / "slow"


def write_traces(folder):
    """By the example, whose second run crashes, and by the tests, which else throw theirs away."""
    for number, arguments in enumerate(([], ["crash"])):
        subprocess.run([SLOW, *arguments], cwd=folder, stderr=subprocess.DEVNULL, timeout=60, check=False)
        (folder / "slow.json").rename(folder / f"slow-{number}.json")
    for program in os.environ["CORUN_TRACING_TESTS"].split(":"):
        subprocess.run([program, "--catch_system_errors=no"], env=dict(os.environ, CORUN_KEEP_TRACES=str(folder)), timeout=200, check=True)
    return sorted(folder.glob("*.json"))


@unittest.skipUnless(PAGES and NODE, "node or golang-src's trace_viewer_full.html is not there: no trace was opened in Chrome's view")
class TracingView(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            files = write_traces(pathlib.Path(folder))
            cls.traces = [json.loads(file.read_text(encoding="utf-8")) for file in files]
            shown = subprocess.run([NODE, pathlib.Path(__file__).parent / "tracing_view.js", PAGES[-1], *files], capture_output=True,
                                   text=True, timeout=200, check=True)
            cls.views = [json.loads(line) for line in shown.stdout.splitlines()]

    def each(self):
        self.assertEqual(len(self.views), len(self.traces))
        self.assertGreater(len(self.views), 10)
        for trace, view in zip(self.traces, self.views):
            yield trace["traceEvents"], view

    def test_it_has_nothing_to_warn_of(self):
        for _, view in self.each():
            self.assertEqual(view["warnings"], [])

    def test_every_slice_is_on_its_track_and_ends(self):
        for events, view in self.each():
            begun = collections.Counter(e["tid"] for e in events if e["ph"] == "B")
            shown = {track["number"]: track for track in view["tracks"] if track["slices"]}
            self.assertEqual(begun, {number: len(track["slices"]) for number, track in shown.items()})
            self.assertEqual([track["unfinished"] for track in shown.values() if track["unfinished"]], [])

    def test_every_track_has_its_name_and_the_process_the_programs(self):
        for events, view in self.each():
            names = {e["tid"]: e["args"]["name"] for e in events if e.get("name") == "thread_name"}
            self.assertEqual({t["number"]: t["name"] for t in view["tracks"] if t["slices"]}, {**names})
            self.assertEqual([name == "slow" or name.startswith("test.") for name in view["processes"]], [True])

    def test_every_arrow_goes_from_a_slice_of_one_track_to_one_of_the_other(self):
        arrows = 0
        for events, view in self.each():
            ends = {(e["ph"], e["id"]): e["tid"] for e in events if e["ph"] in "sf"}
            expected = sorted([e["name"], ends["s", e["id"]], e["tid"]] for e in events if e["ph"] == "f")
            self.assertEqual(sorted(view["arrows"]), expected)
            arrows += len(expected)
        self.assertGreater(arrows, 10)


if __name__ == "__main__":
    unittest.main()
