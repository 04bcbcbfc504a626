"""Clients that are slow, rude or broken, on plain sockets."""

import random
import re
import socket
import struct
import time
import unittest

from example import Folder, content, enter, example, read_all

BIG = 10_000_000


def read_until_error(connection):
    """What arrives before the end, however it comes."""
    data = bytearray()
    try:
        while chunk := connection.recv(1 << 16):
            data += chunk
    except ConnectionError:
        pass
    return bytes(data)


class RoughClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.big = content(BIG)
        cls.folder = enter(cls, Folder(**{"big.bin": cls.big, "small.txt": b"0123456789"}))
        cls.server = enter(cls, example("static_server", cls.folder.path))

    def setUp(self):
        self.idle = self.server.descriptors()

    def tearDown(self):
        self.assertEqual(self.server.get("/small.txt"), (200, b"0123456789"))
        self.assertTrue(self.server.wait_for_descriptors(self.idle), "descriptors are left open")

    def test_request_byte_by_byte(self):
        with self.server.connect() as slow:
            slow.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"GET /small.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
                slow.send(bytes([byte]))
                time.sleep(0.005)
            self.assertTrue(read_all(slow).endswith(b"\r\n\r\n0123456789"))

    def test_slow_requests_do_not_hold_up_others(self):
        slow = [self.server.connect() for _ in range(100)]
        for connection in slow:
            connection.send(b"GET /small.txt HTTP/1.1\r\nX: ")
        started = time.monotonic()
        for _ in range(20):
            self.assertEqual(self.server.get("/small.txt"), (200, b"0123456789"))
        self.assertLess(time.monotonic() - started, 5)
        for connection in slow:
            connection.close()

    def test_half_closed_client_gets_a_large_file(self):
        with self.server.connect() as connection:
            connection.send(b"GET /big.bin HTTP/1.1\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            head, _, body = read_all(connection).partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK"))
        self.assertTrue(body == self.big, f"{len(body)} bytes")

    def test_slow_reader_gets_a_large_file(self):
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20000)
            connection.settimeout(20)
            connection.connect(("127.0.0.1", self.server.port))
            connection.send(b"GET /big.bin HTTP/1.1\r\nConnection: close\r\n\r\n")
            time.sleep(0.5)
            _, _, body = read_all(connection).partition(b"\r\n\r\n")
        self.assertTrue(body == self.big, f"{len(body)} bytes")

    def test_pipelined_requests_are_answered_in_order(self):
        with self.server.connect() as connection:
            connection.send(b"GET /small.txt HTTP/1.1\r\n\r\nGET /missing HTTP/1.1\r\n\r\nHEAD /big.bin HTTP/1.1\r\n\r\n"
                            b"GET /small.txt HTTP/1.1\r\nConnection: close\r\n\r\n")
            answers = read_all(connection)
        statuses = re.findall(rb"HTTP/1\.1 (\d+)", answers)
        self.assertEqual(answers.count(b"0123456789"), 2)
        self.assertEqual(statuses, [b"200", b"404", b"200", b"200"])

    def test_garbage(self):
        generator = random.Random(1)
        for length in [1, 10, 100, 1000, 100_000] * 5:
            with self.server.connect() as connection:
                try:
                    connection.sendall(generator.randbytes(length) + b"\0\r\n\r\n")
                except ConnectionError:
                    continue
                connection.shutdown(socket.SHUT_WR)
                self.assertEqual(read_until_error(connection), b"")

    def test_endless_header(self):
        with self.server.connect() as connection:
            sent = 0
            try:
                connection.sendall(b"GET / HTTP/1.1\r\nX: ")
                while sent < 8_000_000:
                    sent += connection.send(b"x" * 100_000)
                read_until_error(connection)
            except ConnectionError:
                pass

    def test_clients_that_vanish(self):
        for index in range(100):
            connection = self.server.connect()
            connection.send(b"GET /big.bin HTTP/1.1\r\n\r\n" if index % 2 else b"GET /big")
            if index % 3 == 0:
                connection.recv(1000 if index % 2 else 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    def test_upload_that_stops_half_way(self):
        with self.server.connect() as connection:
            connection.send(b"PUT /partial.bin HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 5000)
        self.assertTrue(self.server.wait_for_descriptors(self.idle))


class Shutdown(unittest.TestCase):
    def test_running_download_finishes_after_sigterm(self):
        big = content(BIG)
        with Folder(**{"big.bin": big}) as folder, example("static_server", folder.path) as server:
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20000)
            connection.settimeout(20)
            connection.connect(("127.0.0.1", server.port))
            connection.send(b"GET /big.bin HTTP/1.1\r\n\r\n")
            start = connection.recv(1000)
            server.process.terminate()
            time.sleep(0.3)
            _, _, body = (start + read_all(connection)).partition(b"\r\n\r\n")
            self.assertTrue(body == big, f"{len(body)} bytes")
            connection.close()


class Echo(unittest.TestCase):
    def test_tcp(self):
        data = content(20_000_000)
        with example("tcp_echo", scheme="tcp") as server, server.connect() as connection:
            received = bytearray()
            view = memoryview(data)
            connection.setblocking(False)
            deadline = time.monotonic() + 60
            while len(received) < len(data) and time.monotonic() < deadline:
                progress = False
                try:
                    view = view[connection.send(view[:200_000]):] if view else view
                    progress = True
                except BlockingIOError:
                    pass
                try:
                    received += connection.recv(30_000)
                    progress = True
                except BlockingIOError:
                    pass
                if not progress:
                    time.sleep(0.001)
            self.assertTrue(received == data, f"{len(received)} bytes")

    def test_tcp_does_not_buffer_without_limit(self):
        with example("tcp_echo", scheme="tcp") as server, server.connect() as connection:
            connection.settimeout(1)
            sent = 0
            with self.assertRaises(socket.timeout):
                while sent < 100_000_000:
                    sent += connection.send(b"x" * 100_000)
            self.assertLess(server.resident_kilobytes(), 40_000)

    def test_udp(self):
        with example("udp_echo", scheme="udp") as server:
            peers = [enter(self, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3)]
            for size in [1, 100, 16384, 16385, 65507]:
                for index, peer in enumerate(peers):
                    peer.settimeout(5)
                    peer.sendto(b"", ("127.0.0.1", server.port))
                    peer.sendto(content(size, seed=index), ("127.0.0.1", server.port))
                for index, peer in enumerate(peers):
                    self.assertTrue(peer.recv(70000) == content(size, seed=index), f"{size} bytes")


if __name__ == "__main__":
    unittest.main()
