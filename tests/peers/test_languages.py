"""The echo programs of c_examples/ffi, in other languages than C, against Python peers."""

import asyncio
import http.client
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

import websockets

from example import ROOT, Server, content, enter

LIB = pathlib.Path(os.environ.get("MG_LIB", ROOT / "target" / "release")).resolve()
INCLUDE = ROOT / "include"
PROGRAMS = ROOT / "c_examples" / "ffi"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
RUN_TIME = {"LD_LIBRARY_PATH": str(LIB), "NODE_PATH": str(ROOT / "target" / "node" / "node_modules")}
CPP = ["-std=c++17", "-Wall", "-Wextra", "-Wshadow", "-pedantic", "-Werror"]
CLIENTS = 50


def build(*command, folder=ROOT, **environment):
    result = subprocess.run([str(part) for part in command], cwd=folder, env={**os.environ, **environment},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}")


class Echo:
    """What each of the programs does."""

    name = None

    @classmethod
    def command(cls, folder):
        """The program as a command; it may be built in the folder."""
        raise NotImplementedError

    @classmethod
    def start(cls):
        # What the program has to say comes to light when a check fails.
        cls.stderr = enter(cls, tempfile.TemporaryFile())
        environment = [f"{name}={value}" for name, value in RUN_TIME.items()]
        return Server("env", *environment, *cls.command_line, "http://127.0.0.1:0", stderr=cls.stderr)

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(enter(cls, tempfile.TemporaryDirectory(prefix="mg-language-")))
        cls.command_line = cls.command(folder)
        cls.server = enter(cls, cls.start())

    def said(self):
        self.stderr.seek(0)
        return self.stderr.read().decode("utf-8", "replace")

    def connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, method, path, body=None, headers={}):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()

    def test_get(self):
        connection = self.connection()
        connection.request("GET", "/")
        response = connection.getresponse()
        self.assertEqual((response.status, response.getheader("Content-Type")), (200, "text/plain"))
        self.assertEqual(response.read(), f"Hello from {self.name}\n".encode())

    def test_unknown_path(self):
        self.assertEqual(self.server.get("/nothing/here"), (404, b"Not found\n"))

    def test_body_of_any_bytes(self):
        connection = self.connection()
        for body in (b"hello", b"\0\xff%s%n\0", bytes(range(256)), b""):
            self.assertEqual(self.ask(connection, "POST", "/echo", body), (200, body))

    def test_header(self):
        connection = self.connection()
        self.assertEqual(self.ask(connection, "GET", "/agent", headers={"User-Agent": "test/1"}), (200, b"test/1"))
        self.assertEqual(self.ask(connection, "GET", "/agent"), (200, b""))

    def test_keep_alive(self):
        connection = self.connection()
        connection.connect()
        port = connection.sock.getsockname()
        for i in range(100):
            self.assertEqual(self.ask(connection, "POST", "/echo", f"{i}"), (200, f"{i}".encode()))
            self.assertEqual(connection.sock.getsockname(), port)

    def test_big_body(self):
        body = content(2_000_000)
        connection = self.connection()
        for _ in range(3):
            status, echo = self.ask(connection, "POST", "/echo", body)
            self.assertEqual(status, 200)
            self.assertTrue(echo == body)

    def test_pipelined(self):
        with self.server.connect() as client:
            client.sendall(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n" * 20 + b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            data = b""
            while f"Hello from {self.name}\n".encode() not in data:
                more = client.recv(65536)
                self.assertTrue(more)
                data += more
        self.assertEqual(data.count(b"HTTP/1.1 404"), 20)

    def test_failing_handler(self):
        for _ in range(3):
            self.assertEqual(self.server.get("/fail"), (500, b"Failed\n"))
            self.assertEqual(self.server.get("/")[0], 200)
        self.assertIn("asked to fail", self.said())

    def websocket(self, **options):
        return websockets.connect(f"ws://127.0.0.1:{self.server.port}/ws", max_size=None, **options)

    def test_websocket(self):
        async def talk():
            async with self.websocket() as ws:
                for message in ("hello", "", "wörld \U0001f680", b"\0\xff%s", b"", content(1_000_000), "x" * 70000):
                    await ws.send(message)
                    self.assertEqual(await ws.recv(), message)
                await (await ws.ping(b"data"))

        asyncio.run(asyncio.wait_for(talk(), 60))

    def test_many_clients(self):
        """Half of them HTTP, half WebSocket, all at once, several rounds."""
        async def http_client(number):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
            for i in range(10):
                body = f"{number} {i}\n".encode() * 1000
                writer.write(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                head = await reader.readuntil(b"\r\n\r\n")
                self.assertIn(b"200 OK", head)
                self.assertEqual(await reader.readexactly(len(body)), body)
            writer.close()

        async def ws_client(number):
            async with self.websocket() as ws:
                for i in range(10):
                    await ws.send(f"{number} {i}")
                    self.assertEqual(await ws.recv(), f"{number} {i}")

        async def all_of_them():
            clients = [(http_client, ws_client)[i % 2](i) for i in range(CLIENTS)]
            await asyncio.gather(*clients)

        asyncio.run(asyncio.wait_for(all_of_them(), 60))

    def test_stops_with_clients_connected(self):
        with self.start() as server:
            idle, half = server.connect(), server.connect()
            half.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
            upgrade = server.connect()
            upgrade.sendall(b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
            self.assertTrue(upgrade.recv(100).startswith(b"HTTP/1.1 101"))
            for client in (idle, half, upgrade):
                self.addCleanup(client.close)
        # Its exit status was 0, or leaving the block had failed.
        self.assertEqual(self.said(), "")

    def test_address_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            result = subprocess.run([*map(str, self.command_line), url], env={**os.environ, **RUN_TIME}, capture_output=True,
                                    timeout=20)
        self.assertEqual(result.returncode, 1)


class PythonCtypes(Echo, unittest.TestCase):
    name = "Python"

    @classmethod
    def command(cls, folder):
        return [sys.executable, PROGRAMS / "echo_ctypes.py"]


class PythonCffi(Echo, unittest.TestCase):
    name = "Python"

    @classmethod
    def command(cls, folder):
        return [sys.executable, PROGRAMS / "echo_cffi.py"]


class LuaJit(Echo, unittest.TestCase):
    name = "Lua"

    @classmethod
    def command(cls, folder):
        return ["luajit", PROGRAMS / "echo.lua"]


class Node(Echo, unittest.TestCase):
    name = "JavaScript"

    @classmethod
    def command(cls, folder):
        return ["node", PROGRAMS / "echo.js"]


class Go(Echo, unittest.TestCase):
    name = "Go"

    @classmethod
    def command(cls, folder):
        build("go", "build", "-o", folder / "echo", folder=PROGRAMS / "go", CGO_CFLAGS=f"-I{INCLUDE}", CGO_LDFLAGS=f"-L{LIB}",
              GOCACHE=str(TARGET / "languages" / "go"), GOFLAGS="-mod=readonly")
        return [folder / "echo"]


class Cpp(Echo, unittest.TestCase):
    name = "C++"

    @classmethod
    def command(cls, folder):
        build("c++", *CPP, PROGRAMS / "echo.cpp", "-o", folder / "echo", f"-I{INCLUDE}", f"-L{LIB}", "-lmongoose")
        return [folder / "echo"]


class CppWrapper(unittest.TestCase):
    def test_promises_of_the_header(self):
        folder = pathlib.Path(enter(self, tempfile.TemporaryDirectory(prefix="mg-language-")))
        build("c++", *CPP, "-g", "-fsanitize=address,undefined", ROOT / "tests" / "peers" / "cpp_wrapper.cpp", "-o", folder / "test",
              f"-I{INCLUDE}", f"-L{LIB}", "-lmongoose")
        build(folder / "test", **RUN_TIME)


class Zig(Echo, unittest.TestCase):
    name = "Zig"

    @classmethod
    def command(cls, folder):
        cache = TARGET / "languages" / "zig"
        build(sys.executable, "-m", "ziglang", "build-exe", PROGRAMS / "echo.zig", f"-femit-bin={folder / 'echo'}", "-lc",
              "-I", INCLUDE, "-L", LIB, "-lmongoose", "--cache-dir", cache, "--global-cache-dir", cache)
        return [folder / "echo"]


class Rust(Echo, unittest.TestCase):
    name = "Rust"

    @classmethod
    def command(cls, folder):
        build(os.environ.get("CARGO", "cargo"), "build", "--quiet", "--example", "echo", CARGO_TARGET_DIR=str(TARGET))
        return [TARGET / "debug" / "examples" / "echo"]


if __name__ == "__main__":
    unittest.main()
