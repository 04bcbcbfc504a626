"""The bounds that SECURITY.md names are those of the source, and those that a peer meets."""

import re
import unittest

import websocket
from example import ROOT, Server, enter, program, read_all
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE = 20
UNITS = {"KB": 1024, "MB": 1024 * 1024, "s": 1000}
# Their constants count seconds.
IN_SECONDS = {"MAX_SECONDS"}


def rows():
    """The table: what, bound, constant."""
    text = (ROOT / "SECURITY.md").read_text()
    for line in text.split("| What | Bound |", 1)[1].splitlines()[2:]:
        if not line.startswith("|"):
            return
        cells = [cell.strip() for cell in line.strip("|").split(" |")]
        yield cells[0], cells[1], cells[-1]


def number(bound, units):
    """`3 MB` as bytes, `2 s` as milliseconds."""
    found = re.match(r"(\d+)(?: (\w+))?", bound)
    return int(found[1]) * units.get(found[2], 1) if found else None


def constant(name, path):
    """The value of a constant of a source file."""
    text = (ROOT / path).read_text()
    found = re.search(rf"\bconst {name}: \w+ =\s*([^;]+);", text)
    expression = re.sub(r"\bIO_SIZE\b", lambda _: str(constant("IO_SIZE", "src/net/mod.rs")), found[1])
    assert re.fullmatch(r"[\d *<_+]+", expression), expression
    return eval(expression)


class Table(unittest.TestCase):
    def bound(self, what):
        found = [number(bound, UNITS) for name, bound, _ in rows() if name.startswith(what)]
        self.assertEqual(len(found), 1, what)
        return found[0]

    def test_constants(self):
        compared = 0
        for what, bound, where in rows():
            found = re.fullmatch(r"`(\w+)` in (\S+)", where)
            if not found:
                continue
            units = {**UNITS, "s": 1} if found[1] in IN_SECONDS else UNITS
            with self.subTest(what):
                self.assertEqual(number(bound, units), constant(*found.groups()))
                compared += 1
        self.assertGreater(compared, 20)


class Bounds(Table):
    """What a peer meets at a server without limits."""

    @classmethod
    def setUpClass(cls):
        cls.server = enter(cls, Server(program(cls, "no_limits"), "http://127.0.0.1:0"))

    def ask(self, request):
        """The body of the answer, or None."""
        with self.server.connect(PATIENCE) as connection:
            try:
                connection.sendall(request)
                answer = read_all(connection)
            except (ConnectionResetError, BrokenPipeError):
                return None
        head, _, body = answer.partition(b"\r\n\r\n")
        return body if head else None

    def post(self, size):
        """A request of `size` bytes in all."""
        head = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %7d\r\n\r\n"
        body = size - len(head % 0)
        return body, self.ask(head % body + b"x" * body)

    def test_http_message(self):
        most = self.bound("Unread input")
        body, answer = self.post(most)
        self.assertEqual(answer, b"%d bytes, 2 fields" % body)
        self.assertIsNone(self.post(most + 1)[1])

    def test_header_fields(self):
        most = self.bound("Header fields")
        for count in (most, most + 5):
            fields = b"".join(b"X%d: y\r\n" % i for i in range(count - 1))
            answer = self.ask(b"GET / HTTP/1.1\r\nConnection: close\r\n" + fields + b"\r\n")
            self.assertEqual(answer, b"0 bytes, %d fields" % most)

    def test_chunk_size_line(self):
        most = self.bound("Size line")
        request = b"POST / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1;%s\r\nx\r\n0\r\n\r\n"
        self.assertEqual(self.ask(request % (b"e" * (most - 4))), b"1 bytes, 2 fields")
        self.assertFalse(self.ask(request % (b"e" * (most - 3))))

    def test_websocket_message(self):
        most = self.bound("Unread input")
        # A frame of this size has 14 bytes of header.
        with connect(f"ws://127.0.0.1:{self.server.port}/ws", max_size=None, compression=None) as peer:
            peer.send(b"x" * (most - 14))
            self.assertEqual(peer.recv(PATIENCE), str(most - 14))
            with self.assertRaises(ConnectionClosed) as closed:
                peer.send(b"x" * (most - 13))
                peer.recv(PATIENCE)
        self.assertEqual(closed.exception.rcvd.code, 1009)

    def test_websocket_control_frame(self):
        most = self.bound("WebSocket control frame")
        for size, opcode in ((most, websocket.ABNF.OPCODE_PONG), (most + 1, websocket.ABNF.OPCODE_CLOSE)):
            peer = websocket.create_connection(f"ws://127.0.0.1:{self.server.port}/ws", timeout=PATIENCE)
            self.addCleanup(peer.shutdown)
            peer.send_frame(websocket.ABNF.create_frame(b"x" * size, websocket.ABNF.OPCODE_PING))
            self.assertEqual(peer.recv_frame().opcode, opcode)

    def test_lookup_time(self):
        with self.server.connect(PATIENCE) as connection:
            connection.sendall(b"GET /dnstimeout HTTP/1.1\r\nConnection: close\r\n\r\n")
            self.assertTrue(read_all(connection).endswith(b" %d" % self.bound("Time for a name lookup")))


if __name__ == "__main__":
    unittest.main()
