"""What the tests of the web server share."""
import re
import unittest

from support import Server

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"hello, world\n"


def answer(client, has_body=True):
    """Reads one answer: its status, its header in lower case, its body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            raise EOFError(f"the server closed after {head!r}")
        head += byte
    length = int(re.search(rb"content-length: (\d+)", head.lower())[1]) if has_body else 0
    body = b""
    while len(body) < length:
        body += client.recv(length - len(body))
    return int(head[9:12]), head.lower(), body


class WithServer(unittest.TestCase):
    arguments = []

    def setUp(self):
        self.server = self.enterContext(Server("web_server", "--port", 0, *self.arguments))

    def connect(self):
        return self.enterContext(self.server.connect())

    def assertServes(self):
        with self.server.connect() as client:
            client.sendall(GET)
            self.assertEqual(answer(client)[::2], (200, BODY))
