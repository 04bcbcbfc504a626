"""Servers on Unix domain sockets and on listeners that were passed to them, with curl, websockets, aiohttp and nginx."""

import asyncio
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import tempfile
import unittest

import aiohttp
import websockets

from example import EXAMPLES, Server, enter
from test_mqtt import Lines, mosquitto, run
from tls_certs import Certificate

PROGRAM = EXAMPLES / "unix_socket"


class UnixSockets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "app.sock"

    def start(self, url):
        server = Server(PROGRAM, url)
        self.addCleanup(server.stop)
        return server

    def curl(self, *options):
        command = ["curl", "--silent", "--show-error", "--max-time", "10", *options]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def test_curl(self):
        self.start(f"unix://{self.path}")
        self.assertEqual(self.curl("--unix-socket", str(self.path), "http://localhost/a/b"), "/a/b\n")

    def test_abstract_name(self):
        name = f"mg-test-{os.getpid()}"
        self.start(f"unix://@{name}")
        self.assertEqual(self.curl("--abstract-unix-socket", name, "http://localhost/c"), "/c\n")

    def test_permissions_and_removal(self):
        server = Server(PROGRAM, f"unix://{self.path}?mode=0600")
        try:
            mode = os.lstat(self.path).st_mode
            self.assertTrue(stat.S_ISSOCK(mode))
            self.assertEqual(stat.S_IMODE(mode), 0o600)
        finally:
            server.stop()
        self.assertFalse(self.path.exists())

    def test_file_of_a_killed_server_is_replaced(self):
        server = Server(PROGRAM, f"unix://{self.path}")
        server.process.kill()
        server.process.wait()
        server.process.stdout.close()
        self.assertTrue(self.path.exists())
        self.start(f"unix://{self.path}")
        self.assertEqual(self.curl("--unix-socket", str(self.path), "http://localhost/again"), "/again\n")

    def test_running_server_keeps_its_socket(self):
        self.start(f"unix://{self.path}")
        second = subprocess.run([PROGRAM, f"unix://{self.path}"], capture_output=True, timeout=10)
        self.assertEqual(second.returncode, 1)
        self.assertEqual(self.curl("--unix-socket", str(self.path), "http://localhost/first"), "/first\n")

    def test_websockets(self):
        async def talk():
            async with websockets.unix_connect(str(self.path), "ws://localhost/ws") as ws:
                for message in ("text", b"\0binary" * 10_000):
                    await ws.send(message)
                    self.assertEqual(await ws.recv(), message)

        self.start(f"ws+unix://{self.path}")
        asyncio.run(talk())

    def test_tls(self):
        authority = Certificate("Test CA", authority=True)
        (self.folder / "ca.pem").write_bytes(authority.pem)
        own = Certificate("server", authority, names=["localhost"]).write(self.folder, "own")
        enter(self, Server(EXAMPLES / "https_server", f"https+unix://{self.path}", *own))
        reply = self.curl("--unix-socket", str(self.path), "--cacert", str(self.folder / "ca.pem"),
                          "--write-out", "%{http_code} %{ssl_verify_result}", "https://localhost/secret")
        self.assertTrue(reply.endswith("200 0"), reply)

    def test_mqtt(self):
        self.folder.chmod(0o755)
        mosquitto(self, f"listener 0 {self.path}")
        client = [EXAMPLES / "mqtt_client", f"mqtt+unix://{self.path}"]
        lines = enter(self, Lines(*client, "t", "", 4, 1))
        self.assertEqual(lines.next(), b"subscribed")
        self.assertEqual(run(*client, "t", "over a path", 4, 1).returncode, 0)
        self.assertEqual(lines.next(), b"t over a path")

    def test_many_connections(self):
        async def talk():
            async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.path), limit=50)) as session:
                async def get(n):
                    async with session.get(f"http://localhost/{n}") as response:
                        return await response.text()
                return await asyncio.gather(*(get(n) for n in range(1000)))

        self.start(f"unix://{self.path}")
        self.assertEqual(asyncio.run(talk()), [f"/{n}\n" for n in range(1000)])

    def test_behind_nginx(self):
        self.start(f"unix://{self.path}")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = self.folder / "nginx.conf"
        config.write_text(f"""
            daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log;
            events {{}}
            http {{
              access_log off;
              client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
              fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
              upstream app {{ server unix:{self.path}; keepalive 4; }}
              server {{
                listen 127.0.0.1:{port};
                location / {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }}
              }}
            }}""")
        self.folder.chmod(0o755)
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        process = subprocess.Popen([nginx, "-c", str(config), "-p", str(self.folder), "-g", "user root;"],
                                   stderr=subprocess.DEVNULL)
        try:
            options = ["--retry", "20", "--retry-connrefused", "--retry-delay", "0"]
            self.assertEqual(self.curl(*options, f"http://127.0.0.1:{port}/via/nginx"), "/via/nginx\n")
            urls = [f"http://127.0.0.1:{port}/{n}" for n in range(100)]
            self.assertEqual(self.curl(*urls), "".join(f"/{n}\n" for n in range(100)))
        finally:
            process.terminate()
            process.wait()


class PassedListeners(unittest.TestCase):
    def test_descriptor(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port, fd = listener.getsockname()[1], listener.fileno()
            process = subprocess.Popen([PROGRAM, f"http+fd://{fd}"], pass_fds=[fd], stdout=subprocess.PIPE)
        try:
            self.assertIn(f"port {port}".encode(), process.stdout.readline())
            reply = subprocess.run(["curl", "--silent", f"http://127.0.0.1:{port}/passed"], capture_output=True, timeout=10)
            self.assertEqual(reply.stdout, b"/passed\n")
        finally:
            process.terminate()
            self.assertEqual(process.wait(), 0)
            process.stdout.close()

    def test_socket_activation(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            # What systemd does before it runs a service.
            script = (f"import os; os.dup2({listener.fileno()}, 3); "
                      f"os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='web'); "
                      f"os.execv({str(PROGRAM)!r}, [{str(PROGRAM)!r}, 'systemd://web'])")
            process = subprocess.Popen(["python3", "-c", script], stdout=subprocess.PIPE,
                                       pass_fds=[listener.fileno()])
        try:
            self.assertIn(f"port {port}".encode(), process.stdout.readline())
            reply = subprocess.run(["curl", "--silent", f"http://127.0.0.1:{port}/activated"], capture_output=True, timeout=10)
            self.assertEqual(reply.stdout, b"/activated\n")
        finally:
            process.terminate()
            self.assertEqual(process.wait(), 0)
            process.stdout.close()

    def test_not_a_listener(self):
        with tempfile.TemporaryFile() as file:
            result = subprocess.run([PROGRAM, f"fd://{file.fileno()}"], pass_fds=[file.fileno()], capture_output=True,
                                    timeout=10, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("not a socket", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
