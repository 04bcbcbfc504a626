"""Streamed bodies and real peers: curl, http.client, aiohttp, nginx, the library's own client; each way, with a length and in
chunks, over TCP and TLS, in memory that stays as small as it was.

MG_STREAM_MB says how large the large bodies are; `make stream` runs them with 4096.
"""

import asyncio
import hashlib
import http.client
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import aiohttp

from example import EXAMPLES, Server, content, enter, program, read_all
from test_proxies import NGINX, Proxy
from tls_certs import Certificate

MB = 1 << 20
SIZE = int(os.environ.get("MG_STREAM_MB", "64")) * MB
# What a server may grow by, in kilobytes, while bodies of any size pass.
GROWTH = 6000
PIECE = content(MB)
PATIENCE = 60 + SIZE // MB


def pieces(size):
    for start in range(0, size, MB):
        yield PIECE[:min(MB, size - start)]


def digest(size):
    hashed = hashlib.sha256()
    for piece in pieces(size):
        hashed.update(piece)
    return hashed.hexdigest()


def pipe(size, *command):
    """Runs a command with a body as its input; returns what it says."""
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for piece in pieces(size):
            process.stdin.write(piece)
    except BrokenPipeError:
        pass
    return process.communicate(timeout=PATIENCE)[0].decode()


def count_x(size, stream):
    """Reads a download of /bytes to its end; true when it is what it should be."""
    left = size
    while piece := stream.read(MB):
        if piece.strip(b"x"):
            return False
        left -= len(piece)
    return left == 0


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = enter(cls, Server(EXAMPLES / "stream", "http://127.0.0.1:0"))
        cls.url = cls.server.url
        cls.expected = f"{digest(SIZE)} {SIZE}\n"

    def setUp(self):
        self.before = self.server.resident_kilobytes()

    def tearDown(self):
        self.assertLess(self.server.resident_kilobytes(), self.before + GROWTH)


class Uploads(Case):
    def test_curl_in_chunks(self):
        self.assertEqual(pipe(SIZE, "curl", "-sS", "-T", "-", f"{self.url}/hash"), self.expected)

    def test_curl_with_a_length(self):
        with tempfile.NamedTemporaryFile() as file:
            size = min(SIZE, 64 * MB)
            for piece in pieces(size):
                file.write(piece)
            file.flush()
            expected = f"{digest(size)} {size}\n"
            for arguments in (["-T", file.name], ["--data-binary", f"@{file.name}"], ["--http1.0", "-T", file.name],
                              ["-H", "Expect: 100-continue", "-T", file.name]):
                said = subprocess.run(["curl", "-sS", *arguments, f"{self.url}/hash"], capture_output=True, timeout=PATIENCE)
                self.assertEqual(said.stdout.decode(), expected)

    def test_http_client(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        for headers in ({"Content-Length": str(SIZE)}, {}):
            connection.request("POST", "/hash", body=pieces(SIZE), headers=headers)
            self.assertEqual(connection.getresponse().read().decode(), self.expected)
        connection.request("POST", "/hash")
        self.assertEqual(connection.getresponse().read().decode(), f"{digest(0)} 0\n")
        connection.close()

    def test_many_at_once(self):
        size = min(SIZE, 16 * MB)

        async def load():
            async def one(session):
                async def body():
                    for piece in pieces(size):
                        yield piece
                async with session.put(f"{self.url}/hash", data=body()) as response:
                    return await response.text()
            async with aiohttp.ClientSession() as session:
                return await asyncio.gather(*(one(session) for _ in range(8)))

        self.assertEqual(set(asyncio.run(load())), {f"{digest(size)} {size}\n"})

    def test_a_client_that_breaks_off(self):
        for request in (b"PUT /hash HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc",
                        b"PUT /hash HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"):
            with self.server.connect() as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                self.assertEqual(read_all(connection), b"")
        self.assertEqual(pipe(3, "curl", "-sS", "-T", "-", f"{self.url}/hash"), f"{digest(3)} 3\n")


class Downloads(Case):
    def test_http_client(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        for path in ("bytes", "chunks", "bytes"):
            connection.request("GET", f"/{path}?size={SIZE}")
            self.assertTrue(count_x(SIZE, connection.getresponse()))
        connection.close()

    def test_curl(self):
        for arguments in ([], ["--http1.0"], ["--no-keepalive"]):
            for path in ("bytes", "chunks"):
                curl = subprocess.Popen(["curl", "-sS", *arguments, f"{self.url}/{path}?size={SIZE}"], stdout=subprocess.PIPE)
                self.assertTrue(count_x(SIZE, curl.stdout))
                self.assertEqual(curl.wait(), 0)
                curl.stdout.close()

    def test_a_slow_reader_costs_nothing(self):
        with self.server.connect() as connection:
            connection.sendall(b"GET /chunks?size=100000000000 HTTP/1.1\r\n\r\n")
            for _ in range(20):
                self.assertGreater(len(connection.recv(100)), 0)
                time.sleep(0.02)
            self.assertLess(self.server.resident_kilobytes(), self.before + GROWTH)

    def test_head(self):
        head = subprocess.run(["curl", "-sS", "-I", f"{self.url}/bytes?size=5"], capture_output=True, timeout=PATIENCE).stdout
        self.assertIn(b"Content-Length: 5\r\n", head)


class BehindNginx(Case):
    """With a proxy that has no buffers, so that each side waits for the other."""

    def setUp(self):
        super().setUp()
        more = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; proxy_buffering off;'
        proxy = enter(self, Proxy(NGINX, ["nginx", "-p", "{folder}", "-c", "{configuration}"], backend=self.server.port, more=more,
                                  keepalive="keepalive 8;"))
        self.proxy = f"http://127.0.0.1:{proxy.port}"

    def test_uploads(self):
        for _ in range(2):
            self.assertEqual(pipe(SIZE, "curl", "-sS", "-T", "-", f"{self.proxy}/hash"), self.expected)

    def test_downloads(self):
        for path in ("bytes", "chunks"):
            curl = subprocess.Popen(["curl", "-sS", f"{self.proxy}/{path}?size={SIZE}"], stdout=subprocess.PIPE)
            self.assertTrue(count_x(SIZE, curl.stdout))
            self.assertEqual(curl.wait(), 0)
            curl.stdout.close()


class BothWays(unittest.TestCase):
    """A server that sends back what it gets, as it gets it."""

    @classmethod
    def setUpClass(cls):
        cls.peer = program(cls, "stream_peer")
        cls.server = enter(cls, Server(cls.peer, "serve", "http://127.0.0.1:0"))

    def put(self, url, size, *arguments):
        result = subprocess.run([self.peer, "put", url, str(size), *map(str, arguments)], capture_output=True, timeout=4 * PATIENCE)
        said = result.stdout.decode()
        self.assertEqual(result.returncode, 0, said)
        self.assertTrue(said.startswith(f"status 200, sent {size}, received {size}, "), said)
        return int(said.split()[-2])

    def test_own_client(self):
        before = self.server.resident_kilobytes()
        small = self.put(f"{self.server.url}/echo", MB, "length")
        for framing in ("length", "chunked"):
            self.assertLess(self.put(f"{self.server.url}/echo", SIZE, framing), small + GROWTH)
        self.assertLess(self.server.resident_kilobytes(), before + GROWTH)

    def test_own_client_over_tls(self):
        authority = Certificate("authority", authority=True)
        certificate = Certificate("localhost", authority, names=["127.0.0.1"])
        folder = pathlib.Path(enter(self, tempfile.TemporaryDirectory()))
        for name, data in (("ca", authority.pem), ("cert", certificate.chain_pem), ("key", certificate.key_pem)):
            (folder / name).write_bytes(data)
        server = enter(self, Server(self.peer, "serve", "https://127.0.0.1:0", folder / "cert", folder / "key"))
        url = f"https://127.0.0.1:{server.port}/echo"
        small = self.put(url, MB, "length", folder / "ca")
        before = server.resident_kilobytes()
        for framing in ("length", "chunked"):
            self.assertLess(self.put(url, SIZE, framing, folder / "ca"), small + GROWTH)
        self.assertLess(server.resident_kilobytes(), before + GROWTH)

        async def one():
            async with aiohttp.ClientSession() as session:
                trust = ssl.create_default_context(cafile=folder / "ca")
                return await self.echo(session, url, 8 * MB, ssl=trust)

        self.assertEqual(asyncio.run(one()), digest(8 * MB))

    async def echo(self, session, url, size, **options):
        async def body():
            for piece in pieces(size):
                yield piece
        hashed = hashlib.sha256()
        async with session.post(url, data=body(), **options) as response:
            async for piece in response.content.iter_any():
                hashed.update(piece)
        return hashed.hexdigest()

    def test_aiohttp_both_ways(self):
        async def load():
            async with aiohttp.ClientSession() as session:
                return await asyncio.gather(*(self.echo(session, f"{self.server.url}/echo", SIZE // 4) for _ in range(4)))

        before = self.server.resident_kilobytes()
        self.assertEqual(set(asyncio.run(load())), {digest(SIZE // 4)})
        self.assertLess(self.server.resident_kilobytes(), before + GROWTH)

    def test_a_client_that_does_not_read_is_not_read(self):
        before = self.server.resident_kilobytes()
        with self.server.connect() as connection:
            connection.sendall(b"PUT /echo HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n")
            connection.setblocking(False)
            sent, deadline = 0, time.monotonic() + 20
            blocked = None
            while blocked is None or time.monotonic() < blocked + 0.5:
                self.assertLess(time.monotonic(), deadline)
                try:
                    sent += connection.send(PIECE)
                    blocked = None
                except BlockingIOError:
                    blocked = blocked or time.monotonic()
                    time.sleep(0.01)
            self.assertLess(sent, 100 * MB)
            self.assertLess(self.server.resident_kilobytes(), before + GROWTH)


if __name__ == "__main__":
    unittest.main()
