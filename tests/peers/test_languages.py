"""The echo programs of c_examples/ffi, in other languages than C, against Python peers."""

import asyncio
import ctypes
import http.client
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

import websockets

from example import ROOT, Server, content, enter

LIB = pathlib.Path(os.environ.get("MG_LIB", ROOT / "target" / "release")).resolve()
PAGE = ROOT / "docs" / "languages.md"
PROGRAMS = ROOT / "c_examples" / "ffi"
CACHES = ROOT / "target" / "languages"
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
    "LD_LIBRARY_PATH": str(LIB),
    "NODE_PATH": str(ROOT / "target" / "node" / "node_modules"),
    "GOCACHE": str(CACHES / "go"),
    "ZIG_GLOBAL_CACHE_DIR": str(CACHES / "zig"),
    "ZIG_LOCAL_CACHE_DIR": str(CACHES / "zig"),
}
URL = "http://127.0.0.1:8000"
CLIENTS = 50


def sections():
    """Titles and texts of the page."""
    parts = re.split(r"^## (.*)\n", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def blocks(text):
    """Languages and texts of the code in it."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run(*command):
    result = subprocess.run([str(part) for part in command], cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}")


class Echo:
    """What each of the programs does. They are built and run with the commands of their sections in docs/languages.md."""

    section = name = program = None

    @classmethod
    def setUpClass(cls):
        commands = re.sub(r"(\$PWD/)?target/release", str(LIB), blocks(sections()[cls.section])[0][1])
        *build, run_line = commands.splitlines()
        for line in build:
            run("sh", "-c", line)
        assert run_line.endswith(f" {URL}"), run_line
        cls.run_line = run_line.removesuffix(URL)
        cls.server = enter(cls, cls.start())

    @classmethod
    def command(cls, url):
        return ["sh", "-c", f"exec env {cls.run_line} {url}"]

    @classmethod
    def start(cls):
        # What the program has to say comes to light when a check fails.
        cls.stderr = enter(cls, tempfile.TemporaryFile())
        environment = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        return Server("env", f"--chdir={ROOT}", *environment, *cls.command("http://127.0.0.1:0"), stderr=cls.stderr)

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

    def test_page_shows_the_program(self):
        source = (PROGRAMS / self.program).read_text()
        (language, commands), *rest = blocks(sections()[self.section])
        self.assertEqual(language, "sh")
        for line in commands.splitlines():
            self.assertIn(f": {line}", re.sub(r" +", " ", source).replace(":  ", ": "))
        self.assertTrue(rest)
        for _, code in rest:
            self.assertIn(code, source)

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
            result = subprocess.run(self.command(url), cwd=ROOT, env=ENVIRONMENT, capture_output=True, timeout=20)
        self.assertEqual(result.returncode, 1)


class PythonCtypes(Echo, unittest.TestCase):
    section, name, program = "Python: ctypes", "Python", "echo_ctypes.py"


class PythonCffi(Echo, unittest.TestCase):
    section, name, program = "Python: cffi", "Python", "echo_cffi.py"


class LuaJit(Echo, unittest.TestCase):
    section, name, program = "Lua: LuaJIT", "Lua", "echo.lua"


class Node(Echo, unittest.TestCase):
    section, name, program = "JavaScript: Node", "JavaScript", "echo.js"


class Go(Echo, unittest.TestCase):
    section, name, program = "Go", "Go", "echo.go"


class Cpp(Echo, unittest.TestCase):
    section, name, program = "C++", "C++", "echo.cpp"


class Zig(Echo, unittest.TestCase):
    section, name, program = "Zig", "Zig", "echo.zig"


class Rust(Echo, unittest.TestCase):
    section, name, program = "Rust", "Rust", "echo.rs"


class CppWrapper(unittest.TestCase):
    def test_promises_of_the_header(self):
        folder = pathlib.Path(enter(self, tempfile.TemporaryDirectory(prefix="mg-language-")))
        run("c++", "-std=c++17", "-g", "-Wall", "-Wextra", "-Wshadow", "-pedantic", "-Werror", "-fsanitize=address,undefined",
            ROOT / "tests" / "peers" / "cpp_wrapper.cpp", "-o", folder / "test", f"-I{ROOT / 'include'}", f"-L{LIB}", "-lmongoose", "-pthread")
        run(folder / "test")


CTYPES = """
import ctypes, threading
mg = ctypes.CDLL("libmongoose.so")
mg.mg_mgr_new.restype = mg.mg_listen.restype = mg.mg_conn_get_fn_data.restype = ctypes.c_void_p
mg.mg_conn_id.restype = ctypes.c_ulong
mg.mg_log_set_level(1)
mgr = ctypes.c_void_p(mg.mg_mgr_new())
Handler = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
"""

CFFI = """
import cffi
ffi = cffi.FFI()
ffi.cdef("void mg_log_set_level(int); void *mg_mgr_new(void); void mg_mgr_poll(void *, int); void mg_mgr_delete(void *);"
         "void *mg_listen(void *, const char *, void (*)(void *, int, void *), void *);")
mg = ffi.dlopen("libmongoose.so")
mg.mg_log_set_level(1)
mgr = mg.mg_mgr_new()
"""

LUA = """
local ffi = require "ffi"
ffi.cdef "void mg_log_set_level(int); void *mg_mgr_new(void); void mg_mgr_poll(void *, int); typedef void (*handler_t)(void *, int, void *);\
          void *mg_listen(void *, const char *, handler_t, void *);"
local mg = ffi.load "mongoose"
mg.mg_log_set_level(1)
local mgr = mg.mg_mgr_new()
"""

NODE = """
const koffi = require('koffi');
const lib = koffi.load('libmongoose.so');
const Handler = koffi.proto('void handler_t(void *c, int ev, void *data)');
const poll = lib.func('void mg_mgr_poll(void *mgr, int ms)');
const listen = lib.func('void *mg_listen(void *mgr, str url, handler_t *fn, void *data)');
lib.func('void mg_log_set_level(int level)')(1);
const mgr = lib.func('void *mg_mgr_new()')();
"""


class Runtimes(unittest.TestCase):
    """What the page says about errors that leave a handler, and about threads."""

    def outcome(self, *command):
        result = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
        return result.returncode, result.stdout, result.stderr

    def goes_on(self, program):
        status, out, err = self.outcome(sys.executable, "-c", program)
        self.assertEqual((status, out), (0, "3 polls\n"), err)
        self.assertEqual(err.count("ValueError: in a handler"), 3 + 2)  # the end of the manager is one more poll, and the close

    def test_ctypes_prints_and_goes_on(self):
        self.goes_on(CTYPES + """
@Handler
def handler(c, ev, data):
    if ev in (2, 9): raise ValueError("in a handler")
mg.mg_listen(mgr, b"tcp://127.0.0.1:0", handler, None)
for i in range(3): mg.mg_mgr_poll(mgr, 0)
mg.mg_mgr_free(mgr)
print(i + 1, "polls")
""")

    def test_cffi_prints_and_goes_on(self):
        self.goes_on(CFFI + """
@ffi.callback("void(void *, int, void *)")
def handler(c, ev, data):
    if ev in (2, 9): raise ValueError("in a handler")
mg.mg_listen(mgr, b"tcp://127.0.0.1:0", handler, ffi.NULL)
for i in range(3): mg.mg_mgr_poll(mgr, 0)
mg.mg_mgr_delete(mgr)
print(i + 1, "polls")
""")

    def test_lua_ends(self):
        status, out, _ = self.outcome("luajit", "-joff", "-e", LUA + """
local handler = ffi.cast("handler_t", function(c, ev) if ev == 2 then error "in a handler" end end)
mg.mg_listen(mgr, "tcp://127.0.0.1:0", handler, nil)
pcall(mg.mg_mgr_poll, mgr, 0)
print "went on"
""")
        self.assertNotEqual(status, 0)
        self.assertEqual(out, "")

    def test_node_throws_from_poll(self):
        status, out, err = self.outcome("node", "-e", NODE + """
const handler = koffi.register((c, ev) => { if (ev === 2) throw new Error('in a handler'); }, koffi.pointer(Handler));
listen(mgr, 'tcp://127.0.0.1:0', handler, null);
for (let i = 0; i < 3; i++) {
  try { poll(mgr, 0); } catch (error) { console.log(error.message); }
}
""")
        self.assertEqual((status, out), (0, "in a handler\n" * 3), err)

    def test_python_threads_wake_the_loop(self):
        status, out, err = self.outcome(sys.executable, "-c", CTYPES + """
woken = []
@Handler
def handler(c, ev, data):
    if ev == 19: woken.append(threading.current_thread() is threading.main_thread())
c = ctypes.c_void_p(mg.mg_listen(mgr, b"tcp://127.0.0.1:0", handler, None))
assert mg.mg_wakeup_init(mgr)
id = ctypes.c_ulong(mg.mg_conn_id(c))
# The other thread only gets to run because the interpreter's lock is free while the loop waits.
threading.Timer(0.1, lambda: mg.mg_wakeup(mgr, id, b"x", ctypes.c_size_t(1))).start()
while not woken: mg.mg_mgr_poll(mgr, -1)
mg.mg_mgr_delete(mgr)
print(woken)
""")
        self.assertEqual((status, out), (0, "[True]\n"), err)


class Page(unittest.TestCase):
    """docs/languages.md says what is so."""

    def test_every_section_is_tested(self):
        tested = {case.section for case in Echo.__subclasses__()}
        with_code = {title for title, text in sections().items() if "```" in text}
        self.assertEqual(with_code, tested)

    def test_names_exist(self):
        header = (ROOT / "include" / "mongoose.h").read_text()
        names = set(re.findall(r"\b(?:mg|MG)_\w+\b(?!\*)", PAGE.read_text()))
        self.assertGreater(len(names), 50)
        self.assertEqual(names - set(re.findall(r"\w+", header)), set())

    def test_layout(self):
        library = ctypes.CDLL(str(LIB / "libmongoose.so"))
        library.mg_abi.restype = ctypes.c_char_p
        self.assertIn(f"`{library.mg_abi().decode()}`", PAGE.read_text())


if __name__ == "__main__":
    unittest.main()
