import http.server
import threading
import unittest

from support import LONGEST, run


class Site:
    """Serves pages, {path: body}; a path that is not among them is 404, one in `slow` is answered when the site ends."""

    def __init__(self, pages, slow=()):
        site = self
        self.end, self.lock, self.running, self.most, self.asked = threading.Event(), threading.Lock(), 0, 0, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with site.lock:
                    site.running += 1
                    site.most = max(site.most, site.running)
                    site.asked.append(self.path)
                try:
                    if self.path in slow:
                        site.end.wait(LONGEST)
                        return
                    with site.lock:
                        site.running -= 1  # before the answer: who has it may ask for the next page
                    body = pages.get(self.path, "").encode()
                    self.send_response(200 if self.path in pages else 404)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.server.shutdown()
        self.server.server_close()


def links(*paths):
    return "".join(f'<a href="{path}">x</a>' for path in paths)


class Crawls(unittest.TestCase):
    def test_each_page_once_and_no_other_server(self):
        pages = {"/": links("/a", "/b", "//192.0.2.1/", "/a"), "/a": links("/", "/c"), "/b": links("/c#part", "http://192.0.2.1/"), "/c": "end"}
        with self.enterContext(Site(pages)) as site:
            ended = run("crawler", site.url)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertEqual(sorted(site.asked), ["/", "/a", "/b", "/c"])
        self.assertEqual(ended.stdout.splitlines()[-1], "4 fetched, 0 failed, 0 cut by the deadline")
        self.assertIn("fetched /c (3 bytes)\n", ended.stdout)

    def test_failures_are_reported_and_the_others_fetched(self):
        with Site({"/": links("/missing", "/good"), "/good": ""}) as site:
            ended = run("crawler", site.url)
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(ended.stdout, f"fetched / ({len(links('/missing', '/good'))} bytes)\nfetched /good (0 bytes)\n"
                                       "failed /missing: status 404\n2 fetched, 1 failed, 0 cut by the deadline\n")

    def test_so_many_at_a_time(self):
        paths = [f"/{n}" for n in range(40)]
        for limit in 1, 3:
            with self.subTest(limit), Site({"/": links(*paths), **dict.fromkeys(paths, "x")}) as site:
                ended = run("crawler", "--concurrency", limit, site.url)
                self.assertEqual(ended.returncode, 0)
                self.assertLessEqual(site.most, limit)
                self.assertEqual(len(site.asked), 41)

    def test_the_deadline_cuts_what_is_under_way_and_what_has_not_begun(self):
        pages = {"/": links("/slow1", "/slow2", "/never")}
        with Site(pages, slow={"/slow1", "/slow2"}) as site:
            ended = run("crawler", "--concurrency", 2, "--deadline", 2, site.url)
            self.assertNotIn("/never", site.asked)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("cut /never\ncut /slow1\ncut /slow2\n1 fetched, 0 failed, 3 cut by the deadline\n", ended.stdout)

    def test_a_page_that_takes_too_long_fails_and_the_others_are_fetched(self):
        with Site({"/": links("/slow", "/good"), "/good": ""}, slow={"/slow"}) as site:
            ended = run("crawler", "--timeout", 1, site.url)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("fetched /good", ended.stdout)
        self.assertRegex(ended.stdout, r"failed /slow: [^\n]*timed out")

    def test_arguments(self):
        for arguments in ([], ["ftp://x/"], ["http:///"], ["--deadline", "0", "http://x/"], ["--unknown"]):
            with self.subTest(arguments):
                ended = run("crawler", *arguments)
                self.assertEqual((ended.returncode, ended.stdout), (2, ""))
                self.assertRegex(ended.stderr, r"\Acrawler: [^\n]*--help[^\n]*\n\Z")


if __name__ == "__main__":
    unittest.main()
