"""Each stage of docs/guide/existing_asio.md passes the same tests."""
import socket
import unittest

import support


class Guest:
    def __init__(self, case, server, name):
        self.socket = case.enterContext(server.connect())
        self.lines = case.enterContext(self.socket.makefile("rb"))
        self.say(name)

    def say(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def hears(self):
        return self.lines.readline().decode().rstrip("\n")


class Chat:
    def setUp(self):
        self.server = self.enterContext(support.Server(self.program, 0))

    def guests(self, *names):
        """Guests who have all heard of each other."""
        arrived = []
        for name in names:
            arrived.append(Guest(self, self.server, name))
            for each in arrived:
                self.assertEqual(each.hears(), f"* {name} has joined")
        return arrived

    def test_what_one_says_the_others_hear(self):
        ann, bob, cid = self.guests("ann", "bob", "cid")
        ann.say("hello")
        bob.say("hi")
        self.assertEqual([sorted([cid.hears(), cid.hears()])], [["ann: hello", "bob: hi"]])
        self.assertEqual(ann.hears(), "bob: hi")
        self.assertEqual(bob.hears(), "ann: hello")

    def test_lines_that_come_in_pieces_and_together(self):
        ann, bob = self.guests("ann", "bob")
        ann.socket.sendall(b"on")
        support.wait_until(lambda: self.server.unread(ann.socket) == 0, "half a line is read")
        ann.socket.sendall(b"e\ntwo\nthree\n")
        self.assertEqual([bob.hears() for _ in range(3)], ["ann: one", "ann: two", "ann: three"])

    def test_those_who_leave_are_missed(self):
        ann, bob, cid = self.guests("ann", "bob", "cid")
        bob.socket.shutdown(socket.SHUT_RDWR)
        self.assertEqual({ann.hears(), cid.hears()}, {"* bob has left"})
        cid.lines.close()  # the socket stays open as long as it is
        support.reset(cid.socket)
        self.assertEqual(ann.hears(), "* cid has left")

    def test_a_line_without_end_ends_the_session(self):
        ann, bob = self.guests("ann", "bob")
        try:
            bob.socket.sendall(b"x" * 100_000)
        except ConnectionError:
            pass
        self.assertEqual(ann.hears(), "* bob has left")

    def test_one_who_does_not_read_does_not_hold_up_the_others(self):
        ann, deaf, bob = self.guests("ann", "deaf", "bob")
        for n in range(400):
            for _ in range(64):
                ann.say("x" * 1000)
            for _ in range(64):
                heard = bob.hears()
                if heard == "* deaf has left":
                    return
                self.assertEqual(heard, "ann: " + "x" * 1000)
        self.fail("who does not read was not cut off")

    def test_guests_without_a_name_disturb_nobody(self):
        ann, = self.guests("ann")
        for sent in (b"", b"half a na"):
            nobody = self.server.connect()
            nobody.sendall(sent)
            support.reset(nobody)
        bob = Guest(self, self.server, "bob")
        self.assertEqual(ann.hears(), "* bob has joined")

    def test_it_ends_in_order_with_guests_in_the_room(self):
        everybody = self.guests(*(f"guest {n}" for n in range(10)))
        self.assertEqual(self.server.stop(), 0)
        for each in everybody:
            self.assertEqual(each.hears(), "")
        self.assertEqual(self.server.stderr(), "")


class Callbacks(Chat, unittest.TestCase):
    program = "chat_callbacks"


class FirstFibers(Chat, unittest.TestCase):
    program = "chat_first_fibers"


class Sessions(Chat, unittest.TestCase):
    program = "chat_sessions"


class Fibers(Chat, unittest.TestCase):
    program = "chat_fibers"

    def test_it_ends_though_a_guest_has_not_said_a_name(self):
        self.guests("ann")
        nobody = self.enterContext(self.server.connect())
        nobody.sendall(b"half a na")
        support.wait_until(lambda: self.server.unread(nobody) == 0, "half a name is read")
        self.assertEqual(self.server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
