"""The example with limits against clients that send too much, too slowly or not at all, do not read, or come in crowds."""

import pathlib
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from example import EXAMPLES, Folder, Server, content, enter, read_all
from tls_certs import Certificate
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

KB = 1024
MANY = 1000
# What a client waits for at most; limits of the server are a second or less.
PATIENCE = 20
REQUEST = b"GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Case(unittest.TestCase):
    connections, seconds = MANY, 60

    def setUp(self):
        files = {"small": b"small\n", "large": content(30_000_000)}
        self.folder = enter(self, Folder(**files))
        self.log = enter(self, tempfile.TemporaryFile())
        self.server = enter(self, self.start("http"))

    def start(self, scheme, *arguments):
        return Server(EXAMPLES / "limits", f"{scheme}://127.0.0.1:0", self.folder.path, self.connections, self.seconds,
                      *arguments, stderr=self.log)

    def connect(self):
        connection = self.server.connect(PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def complaints(self):
        self.log.seek(0)
        return [line.split(b": ", 1)[1].decode().strip() for line in self.log.readlines()]

    def assert_serves(self):
        self.assertEqual(self.server.get("/small"), (200, b"small\n"))

    def drip(self, connection, piece):
        """Sends until the server has closed; returns what it said."""
        connection.setblocking(False)
        said = b""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                connection.send(piece)
                received = connection.recv(KB)
                if not received:
                    return said
                said += received
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                return said
            time.sleep(0.02)
        self.fail("the server did not close")


class Sizes(Case):
    def status(self, *arguments, data=None):
        command = ["curl", "-sS", "--max-time", str(PATIENCE), "-o", "/dev/null", "-w", "%{http_code}", *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode()

    def test_headers(self):
        url = f"{self.server.url}/small"
        self.assertEqual(self.status("-H", "X: " + "x" * 15 * KB, url), "200")
        self.assertEqual(self.status("-H", "X: " + "x" * 17 * KB, url), "431")
        many = [part for i in range(110) for part in ("-H", f"X{i}: 1")]
        self.assertEqual(self.status(*many[:-40], url), "200")
        self.assertEqual(self.status(*many, url), "431")
        self.assertEqual(self.complaints(), ["header limit"] * 2)

    def test_head_without_end(self):
        connection = self.connect()
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 20 * KB)
        self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 431 "))
        self.assert_serves()

    def test_bodies(self):
        url = f"{self.server.url}/echo"
        for size, status in ((256 * KB, "200"), (256 * KB + 1, "413"), (5_000_000, "413")):
            for framing in ((), ("-H", "Transfer-Encoding: chunked"), ("-H", "Expect: 100-continue")):
                self.assertEqual(self.status("--data-binary", "@-", *framing, url, data=b"x" * size), status, (size, framing))
        self.assertEqual(set(self.complaints()), {"body limit"})
        self.assert_serves()

    def test_uploads_have_their_own_limit(self):
        data = content(5_000_000)
        self.assertEqual(self.status("-T", "-", "-H", f"Content-Length: {len(data)}", "-H", "Transfer-Encoding:",
                                     f"{self.server.url}/upload", data=data), "200")
        self.assertTrue((self.folder.path / "upload.bin").read_bytes() == data)
        connection = self.connect()
        connection.sendall(b"PUT /upload HTTP/1.1\r\nContent-Length: 200000000\r\n\r\n")
        self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 413 "))
        self.assertEqual(self.complaints(), [])

    def test_large_files_need_no_large_buffer(self):
        result = subprocess.run(["curl", "-sS", f"{self.server.url}/large"], capture_output=True, check=True)
        self.assertTrue(result.stdout == content(30_000_000))

    def test_websocket_messages(self):
        with connect(f"ws://127.0.0.1:{self.server.port}/ws", max_size=None) as peer:
            peer.send(b"x" * 64 * KB)
            self.assertEqual(len(peer.recv(PATIENCE)), 64 * KB)
            with self.assertRaises(ConnectionClosed) as closed:
                peer.send([b"x" * 40 * KB, b"x" * 40 * KB])
                peer.recv(PATIENCE)
        self.assertEqual(closed.exception.rcvd.code, 1009)
        self.assertEqual(self.complaints(), ["WS message limit"])


class Times(Case):
    seconds = 1

    def test_slow_head(self):
        """Slowloris: a header field now and then."""
        connections = [self.connect() for _ in range(50)]
        for connection in connections:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        for connection in connections:
            self.assertRegex(self.drip(connection, b"X: y\r\n"), b"^(HTTP/1.1 408 |$)")
        self.assertEqual(self.complaints(), ["header timeout"] * 50)
        self.assert_serves()

    def test_nothing_at_all(self):
        self.assertEqual(read_all(self.connect()), b"")
        self.assertEqual(self.complaints(), ["header timeout"])

    def test_slow_body(self):
        connection = self.connect()
        connection.sendall(b"POST /echo HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
        self.assertRegex(self.drip(connection, b"x"), b"^(HTTP/1.1 408 |$)")
        connection = self.connect()
        connection.sendall(b"PUT /upload HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
        self.assertRegex(self.drip(connection, b"x"), b"^(HTTP/1.1 408 |$)")
        self.assertEqual(self.complaints(), ["body timeout"] * 2)

    def test_reader_that_does_not_read(self):
        connection = self.connect()
        connection.sendall(b"GET /large HTTP/1.1\r\n\r\n")
        self.wait_for(lambda: self.complaints() == ["write timeout"])
        self.assert_serves()

    def test_idle_websocket(self):
        with connect(f"ws://127.0.0.1:{self.server.port}/ws", ping_interval=None) as peer:
            with self.assertRaises(ConnectionClosed) as closed:
                peer.recv(PATIENCE)
        self.assertEqual(closed.exception.rcvd.code, 1001)
        self.assertEqual(self.complaints(), ["idle timeout"])

    def test_websocket_with_pings_stays(self):
        with connect(f"ws://127.0.0.1:{self.server.port}/ws", ping_interval=0.5) as peer:
            with self.assertRaises(TimeoutError):
                peer.recv(5)
            peer.send(b"still there")
            self.assertEqual(peer.recv(PATIENCE), b"still there")
        self.assertEqual(self.complaints(), [])

    def test_idle_between_requests(self):
        connection = self.connect()
        connection.sendall(REQUEST)
        self.assertTrue(read_all(connection).endswith(b"small\n"))
        self.assertEqual(self.complaints(), ["idle timeout"])

    def test_tls_handshake_stalls(self):
        authority = Certificate("authority", authority=True)
        certificate = Certificate("server", authority, names=["localhost"])
        self.server = enter(self, self.start("https", *certificate.write(self.folder.path, "server")))
        for hello in (b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            connection = self.connect()
            connection.sendall(hello)
            self.assertEqual(read_all(connection), b"")
        context = ssl.create_default_context(cadata=authority.pem.decode())
        with context.wrap_socket(self.connect(), server_hostname="localhost") as connection:
            connection.sendall(REQUEST)
            self.assertIn(b"200 OK", connection.recv(KB))
        self.assertEqual(self.complaints()[:2], ["TLS handshake timeout"] * 2)

    def wait_for(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)


class Crowds(Case):
    connections = 10

    def test_flood(self):
        idle = self.server.descriptors()
        crowd = [self.connect() for _ in range(100)]
        for connection in crowd:
            connection.sendall(REQUEST)
        # Those that got in are served; the others wait, and each is served when somebody leaves.
        served = 0
        for connection in crowd:
            self.assertIn(b"200 OK", connection.recv(KB))
            self.assertLessEqual(self.server.descriptors(), idle + self.connections + 2)
            connection.close()
            served += 1
        self.assertEqual(served, 100)
        self.assert_serves()

    def test_a_full_house_costs_nothing(self):
        crowd = [self.connect() for _ in range(30)]
        crowd[0].sendall(REQUEST)
        self.assertIn(b"200 OK", crowd[0].recv(KB))
        before = self.processor_time()
        time.sleep(1)
        self.assertLess(self.processor_time() - before, 0.2)

    def processor_time(self):
        fields = pathlib.Path(f"/proc/{self.server.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    unittest.main()
