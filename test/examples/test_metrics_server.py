"""The metrics of a program over HTTP, read as Prometheus reads them."""
import re
import shutil
import subprocess
import unittest

import support

SAMPLE = re.compile(r'(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>[^{}]*)\})? (?P<value>[0-9.eE+-]+|\+Inf|NaN)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def curl(url, *options):
    """Status, content type, body."""
    ended = subprocess.run(["curl", "-s", "-w", "\n%{http_code} %{content_type}", *options, url], capture_output=True, text=True,
                           timeout=support.LONGEST, check=True)
    body, _, last = ended.stdout.rpartition("\n")
    status, _, kind = last.partition(" ")
    return int(status), kind, body


def parsed(text):
    """{(name, labels): value} of a page; fails where it is not what Prometheus takes."""
    types, samples = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types and kind in ("counter", "gauge", "histogram"), line
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            labels = dict(LABEL.findall(match["labels"]))
            assert LABEL.sub("", match["labels"]) == "", line
            name = match["name"]
            family = name if name in types else re.sub("_(bucket|sum|count)$", "", name)
            assert family in types, f"no type: {line}"
            assert types[family] != "counter" or name.endswith("_total"), line
            samples[name, tuple(sorted(labels.items()))] = float(match["value"])
    return samples


def total(samples, wanted, **labels):
    return sum(value for (name, has), value in samples.items() if name == wanted and labels.items() <= dict(has).items())


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Metrics(unittest.TestCase):
    def test_a_page_is_what_prometheus_takes_and_counters_grow(self):
        with support.Server("metrics_server", 0) as server:
            status, kind, body = curl(server.url + "/metrics")
            self.assertEqual((status, kind), (200, "text/plain; version=0.0.4"))
            first = parsed(body)
            self.assertEqual(total(first, "corun_fibers_live"), 5)  # accept, three workers, this session
            support.wait_until(lambda: total(parsed(curl(server.url + "/metrics")[2]), "corun_switches_total")
                               > total(first, "corun_switches_total") + 5, "the fibers go on")
            support.wait_until(lambda: total(parsed(curl(server.url + "/metrics")[2]), "corun_fibers_waiting",
                                             cause="mutex::lock_operation") == 2, "two workers wait for the third")
            last = parsed(curl(server.url + "/metrics")[2])
            for key, value in first.items():
                if key[0].endswith(("_total", "_count", "_bucket")):
                    self.assertGreaterEqual(last[key], value, key)
            self.assertGreater(total(last, "corun_run_seconds_count"), 0)
            self.assertGreater(total(last, "corun_fiber_seconds_total"), 0)

    def test_buckets_of_the_histogram_are_cumulative(self):
        with support.Server("metrics_server", 0) as server:
            samples = parsed(curl(server.url + "/metrics")[2])
            buckets = sorted((float(dict(labels)["le"]), value) for (name, labels), value in samples.items()
                             if name == "corun_run_seconds_bucket")
            values = [value for _, value in buckets]
            self.assertEqual(values, sorted(values))
            self.assertEqual(values[-1], total(samples, "corun_run_seconds_count"))

    def test_other_requests_are_refused(self):
        with support.Server("metrics_server", 0) as server:
            self.assertEqual(curl(server.url + "/")[0], 404)
            self.assertEqual(curl(server.url + "/metrics", "-X", "POST")[0], 405)

    def test_it_ends_on_a_signal(self):
        with support.Server("metrics_server", 0) as server:
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
