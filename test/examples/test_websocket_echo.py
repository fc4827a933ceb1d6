"""A peer that speaks WebSocket (RFC 6455) by hand."""
import base64
import hashlib
import os
import struct
import unittest

import support

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Peer:
    def __init__(self, case, server):
        self.socket = case.enterContext(server.connect())
        self.stream = case.enterContext(self.socket.makefile("rb"))
        key = base64.b64encode(os.urandom(16))
        self.socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.stream.readline()
        expected = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        case.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
        case.assertIn(expected, head)

    def send(self, kind, data, last=True):
        mask = os.urandom(4)
        size = len(data)
        length = (bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size) if size < 65536
                  else b"\xff" + struct.pack(">Q", size))
        masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))
        self.socket.sendall(bytes([(0x80 if last else 0) | kind]) + length + mask + masked)

    def receive(self):
        """A whole message: its kind and its data."""
        kind, data, last = 0, b"", False
        while not last:
            first, size = self.stream.read(2)
            last, kind = bool(first & 0x80), kind or first & 15
            if size == 126:
                size, = struct.unpack(">H", self.stream.read(2))
            elif size == 127:
                size, = struct.unpack(">Q", self.stream.read(8))
            data += self.stream.read(size)
        return kind, data


class WebSocketEcho(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(support.Server("websocket_echo", 0))

    def test_messages_come_back_with_their_kind(self):
        peer, other = Peer(self, self.server), Peer(self, self.server)
        for kind, data in ((TEXT, b"hello"), (BINARY, bytes(range(256))), (TEXT, b""), (BINARY, b"x" * 300_000)):
            peer.send(kind, data)
            self.assertEqual(peer.receive(), (kind, data))
        other.send(TEXT, b"other")
        self.assertEqual(other.receive(), (TEXT, b"other"))

    def test_fragments_and_pings_between_them(self):
        peer = Peer(self, self.server)
        peer.send(TEXT, b"one ", last=False)
        peer.send(PING, b"there?")
        self.assertEqual(peer.receive(), (PONG, b"there?"))
        peer.send(0, b"two")
        self.assertEqual(peer.receive(), (TEXT, b"one two"))

    def test_the_closing_handshake(self):
        peer = Peer(self, self.server)
        peer.send(CLOSE, struct.pack(">H", 1000))
        kind, data = peer.receive()
        self.assertEqual((kind, data[:2]), (CLOSE, struct.pack(">H", 1000)))
        self.assertEqual(peer.stream.read(), b"")

    def test_garbage_and_giants_and_resets_disturb_nobody(self):
        calm = Peer(self, self.server)
        plain = self.enterContext(self.server.connect())
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertTrue(support.read_all(plain).startswith(b"HTTP/1.1 4"))
        garbage = self.enterContext(self.server.connect())
        garbage.sendall(os.urandom(1000) + b"\r\n\r\n")
        self.assertNotIn(b"101", support.read_all(garbage)[:12])
        bad, giant = Peer(self, self.server), Peer(self, self.server)
        bad.socket.sendall(b"\xff" * 14)  # reserved bits, no mask
        self.assertEqual(bad.receive(), (CLOSE, struct.pack(">H", 1002)))
        giant.socket.sendall(b"\x82\xff" + struct.pack(">Q", 1 << 30) + b"mask")
        self.assertEqual(giant.receive()[1][:2], struct.pack(">H", 1009))
        rude = Peer(self, self.server)
        rude.stream.close()  # the socket stays open as long as it is
        support.reset(rude.socket)
        calm.send(TEXT, b"calm")
        self.assertEqual(calm.receive(), (TEXT, b"calm"))

    def test_it_ends_with_peers_connected(self):
        peer = Peer(self, self.server)
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(peer.stream.read(), b"")


if __name__ == "__main__":
    unittest.main()
