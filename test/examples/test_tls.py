"""tls_echo and http_client against OpenSSL's and Python's own TLS, with a certificate made here."""
import http.server
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

import support


def unless_there(*names):
    missing = [name for name in names if not pathlib.Path(support.example(name)).exists()]
    return unittest.skipIf(missing or not shutil.which("openssl"), f"not there: {missing or 'openssl'}")


class WithCertificate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.certificate, cls.key = f"{folder.name}/certificate", f"{folder.name}/key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", cls.key, "-out", cls.certificate],
                       check=True, capture_output=True)

    def trusting(self):
        return ssl.create_default_context(cafile=self.certificate)


@unless_there("tls_echo")
class TlsEcho(WithCertificate):
    def setUp(self):
        self.server = self.enterContext(support.Server("tls_echo", 0, self.certificate, self.key))

    def connect(self):
        return self.trusting().wrap_socket(self.server.connect(), server_hostname="localhost")

    def test_openssl_is_a_client(self):
        ended = subprocess.run(["openssl", "s_client", "-quiet", "-no_ign_eof", "-verify_return_error", "-CAfile", self.certificate,
                                "-connect", f"127.0.0.1:{self.server.address[1]}", "-servername", "localhost"],
                               input=b"hello from openssl\nQ\n", capture_output=True, timeout=support.LONGEST)
        with self.connect() as client:  # -quiet may leave before the echo arrives: that TLS was agreed on is what it says
            client.sendall(b"x")
            self.assertEqual(client.recv(1), b"x")
        self.assertEqual(ended.returncode, 0, ended.stderr)

    def test_megabytes_come_back(self):
        sent = bytes(range(251)) * 20000
        with self.connect() as client:
            sender = threading.Thread(target=client.sendall, args=(sent,))
            sender.start()
            received = b""
            while len(received) < len(sent):
                received += client.recv(65536)
            sender.join()
            self.assertEqual(received, sent)
            client.unwrap()  # the orderly end, in both directions

    def test_peers_that_speak_no_tls_or_break_off_disturb_nobody(self):
        with self.connect() as before:
            for sent in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0\1\0"):
                rude = self.server.connect()
                rude.sendall(sent)
                support.reset(rude)
            broken = self.connect()
            broken.sendall(b"x")
            support.reset(broken)
            before.sendall(b"still here")
            self.assertEqual(before.recv(100), b"still here")

    def test_it_ends_with_connections_open(self):
        with self.connect() as client, self.server.connect():
            client.sendall(b"x")
            self.assertEqual(client.recv(1), b"x")
            self.assertEqual(self.server.stop(), 0)


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"a page\n" * (100_000 if self.path == "/long" else 1)
        self.send_response(404 if self.path == "/no" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@unless_there("http_client")
class HttpClient(WithCertificate):
    def serve(self, secure):
        server = http.server.ThreadingHTTPServer(("localhost", 0), Pages)
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, self.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http{'s' if secure else ''}://localhost:{server.server_port}"

    def test_fetches_pages_over_http_and_https(self):
        for secure in (False, True):
            url = self.serve(secure)
            for path, times in (("/", 1), ("/long", 100_000)):
                ended = support.run("http_client", url + path, support.LONGEST, self.certificate)
                self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "a page\n" * times, ""))

    def test_says_what_the_server_refuses(self):
        ended = support.run("http_client", self.serve(False) + "/no")
        self.assertEqual((ended.returncode, ended.stderr), (1, "http_client: 404 Not Found\n"))

    def test_a_certificate_that_is_not_trusted_is_an_error(self):
        ended = support.run("http_client", self.serve(True))
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertIn("certificate verify failed", ended.stderr)

    def test_servers_that_are_silent_slow_or_mad(self):
        for sent, error in ((b"", "timed out"), (b"HTTP/1.1 200 OK\r\nContent-Le", "timed out"), (b"\0" * 100, "bad version|bad"),
                            (b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", "body limit exceeded")):
            with self.subTest(sent), socket.create_server(("127.0.0.1", 0)) as listening:
                def answer():
                    peer, _ = listening.accept()
                    peer.sendall(sent)
                    peer.recv(1 << 20)
                    self.enterContext(peer)
                thread = threading.Thread(target=answer)
                thread.start()
                ended = support.run("http_client", f"http://127.0.0.1:{listening.getsockname()[1]}/", 0.2)
                thread.join()
                self.assertEqual(ended.returncode, 1)
                self.assertRegex(ended.stderr, error)

    def test_servers_that_reset_or_refuse(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            thread = threading.Thread(target=lambda: support.reset(listening.accept()[0]))
            thread.start()
            self.assertIn("onnection reset", support.run("http_client", f"http://127.0.0.1:{port}/").stderr)
            thread.join()
        self.assertIn("Connection refused", support.run("http_client", f"http://127.0.0.1:{port}/").stderr)

    def test_names_that_there_are_not(self):
        ended = support.run("http_client", "http://no-such-name.invalid/")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("no-such-name.invalid", ended.stderr)


if __name__ == "__main__":
    unittest.main()
