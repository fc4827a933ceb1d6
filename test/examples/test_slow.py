"""The program that docs/guide/debugging.md traces: its file, and the static probes in it."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import support

PROBES = {"spawn", "run", "give_way", "park", "wake", "end", "span_begin", "span_end"}


def has_probes():
    """Whether corun is built with them."""
    code = "#include <sys/sdt.h>"
    return subprocess.run(["g++", "-E", "-x", "c++", "-"], input=code, text=True, capture_output=True, check=False).returncode == 0


class Slow(unittest.TestCase):
    def trace(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([support.example("slow"), *arguments], cwd=folder, timeout=support.LONGEST, stderr=subprocess.DEVNULL, check=False)
            file = pathlib.Path(folder) / "slow.json"
            return json.loads(file.read_text(encoding="utf-8"))["traceEvents"]

    def test_the_file_is_json_with_the_request_its_wait_and_the_arrow_that_ends_it(self):
        events = self.trace()
        tracks = {e["args"]["name"].split()[-1]: e["tid"] for e in events if e.get("name") == "thread_name"}
        waits = [e for e in events if e["ph"] == "B" and e["tid"] == tracks["request"] and e["name"].startswith("waiting: mutex")]
        self.assertEqual(len(waits), 1)
        self.assertIn("slow.cpp:", waits[0]["args"]["at"])
        wakes = {e["id"]: e["tid"] for e in events if e["ph"] == "s" and e["name"] == "wake"}
        self.assertIn(tracks["report"], [wakes.get(e["id"]) for e in events if e["ph"] == "f" and e["tid"] == tracks["request"]])
        for tid in tracks.values():
            phases = [e["ph"] for e in events if e["tid"] == tid]
            self.assertEqual(phases.count("B"), phases.count("E"))

    def test_a_crash_leaves_the_file_too(self):
        self.assertEqual([e["name"] for e in self.trace("crash") if e["ph"] == "i"], ["SIGABRT"])

    @unittest.skipUnless(shutil.which("readelf") and has_probes(), "readelf or sys/sdt.h is not installed: no probes were looked for")
    def test_it_has_static_probes_with_semaphores(self):
        notes = subprocess.run(["readelf", "-n", support.example("slow")], capture_output=True, text=True, check=True).stdout
        found = {}
        for note in notes.split("Provider: corun\n")[1:]:
            name, place = (line.split(":", 1)[1].strip() for line in note.splitlines()[:2])
            found[name] = int(place.rsplit("Semaphore: ", 1)[1], 16)
        self.assertEqual(set(found), PROBES)
        self.assertEqual(len(set(found.values()) - {0}), len(PROBES))

    @unittest.skipUnless(shutil.which("gdb") and has_probes(), "gdb or sys/sdt.h is not installed: the probes were not tried")
    def test_who_listens_to_a_probe_hears_it_without_a_trace(self):
        with tempfile.TemporaryDirectory() as folder:
            ended = subprocess.run(["gdb", "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-ex", "break -probe-stap corun:park",
                                    "-ex", "run", "-ex", "print $_probe_argc", "-ex", "kill", support.example("hello")],
                                   cwd=folder, capture_output=True, text=True, timeout=support.LONGEST, stdin=subprocess.DEVNULL, check=False)
        if "not permitted" in ended.stdout + ended.stderr:
            self.skipTest("ptrace is not permitted here: the probes were not tried")
        self.assertIn("$1 = 5", ended.stdout, ended.stderr)


if __name__ == "__main__":
    unittest.main()
