"""Behind nginx, Apache, haproxy, Varnish and Caddy: thousands of requests with random bodies, none of them answered by the proxy.

MG_PROXY_REQUESTS says how many requests each proxy gets.
"""

import asyncio
import os
import pathlib
import random
import socket
import subprocess
import time
import unittest

import aiohttp

from example import STARTUP_SECONDS, Folder, Server, content, enter, program

REQUESTS = int(os.environ.get("MG_PROXY_REQUESTS", "1000"))
AT_ONCE = 24
STATUSES = (200, 201, 204, 304, 400, 404, 413, 500, 503)
PATH = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}

NGINX = """
daemon off; master_process off; error_log {folder}/error.log; pid {folder}/pid;
events {{}}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream app {{ server 127.0.0.1:{backend}; {keepalive} }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://app; {more} }} }}
}}
"""
HAPROXY = """
global
  maxconn 1000
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  http-reuse always
listen app
  bind 127.0.0.1:{port}
  server one 127.0.0.1:{backend}
"""
CADDY = """
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{port} {{
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:{backend}
}}
"""

APACHE = """
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
ServerName localhost
User nobody
Group nogroup
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
Listen 127.0.0.1:{port}
ProxyPass / http://127.0.0.1:{backend}/
"""
VARNISH = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{backend}"; }}
sub vcl_recv {{ return (pass); }}
"""
APACHE_MODULES = "/usr/lib/apache2/modules"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def outline(answer):
    return [f"{len(part)} bytes {part[:40]!r}" if isinstance(part, bytes) else part for part in answer]


class Proxy:
    def __init__(self, template, command, **values):
        self.folder = Folder()
        self.template, self.command, self.values = template, command, values

    def __enter__(self):
        folder = pathlib.Path(self.folder.__enter__().path)
        self.port = free_port()
        configuration = folder / "configuration"
        configuration.write_text(self.template.format(folder=folder, port=self.port, **self.values))
        command = [part.format(folder=folder, configuration=configuration, port=self.port) for part in self.command]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**PATH, "HOME": str(folder), "XDG_DATA_HOME": str(folder)})
        deadline = time.monotonic() + STARTUP_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.__exit__()
                    raise
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.__exit__(None, None, None)


class Proxies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = {f"{size}.bin": content(size) for size in (0, 1, 1000, 100_000, 1_000_000)}
        cls.www = enter(cls, Folder(**cls.files)).path
        backend = program(cls, "proxy_backend")
        cls.plain = enter(cls, Server(backend, "http://127.0.0.1:0", cls.www))
        # Responses have Date and, if it matters, Connection.
        cls.telling = enter(cls, Server(backend, "http://127.0.0.1:0", cls.www, "fields"))

    def run_through(self, template, *command, backend=None, largest_body=200_000, statuses=STATUSES, **values):
        proxy = enter(self, Proxy(template, command, backend=(backend or self.plain).port, **values))
        wrong = asyncio.run(self.load(f"http://127.0.0.1:{proxy.port}", largest_body, statuses))
        self.assertEqual(wrong, [])

    async def load(self, url, largest_body=200_000, statuses=STATUSES):
        seeds = iter(range(REQUESTS))
        wrong = []

        async def client(session):
            for seed in seeds:
                choice = random.Random(seed)
                expected, actual = await self.one(session, url, choice, largest_body, statuses)
                if expected != actual and len(wrong) < 10:
                    wrong.append(f"request {seed}: expected {outline(expected)}, got {outline(actual)}")

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
            await asyncio.gather(*(client(session) for _ in range(AT_ONCE)))
        return wrong

    async def one(self, session, url, choice, largest_body, statuses):
        kind = choice.choice(["echo", "bytes", "chunked", "file", "head", "status"])
        if kind in ("file", "head"):
            name = choice.choice(list(self.files))
            async with session.request("GET" if kind == "file" else "HEAD", f"{url}/{name}") as response:
                whole = self.files[name]
                expected = (200, str(len(whole)), whole if kind == "file" else b"")
                # Apache leaves out a length of 0 when it answers HEAD.
                length = response.headers.get("Content-Length", "0" if kind == "head" else None)
                return expected, (response.status, length, await response.read())
        if kind == "status":
            status = choice.choice(statuses)
            async with session.get(f"{url}/status/{status}") as response:
                body = b"" if status in (204, 304) else str(status).encode()
                return (status, body), (response.status, await response.read())
        body = choice.randbytes(int(min(choice.choice([0, 10, 1000, 20_000, 200_000]), largest_body) * choice.random()))
        if kind == "echo":
            body = body.replace(b"\0", b"0")

        async def pieces():
            for start in range(0, len(body), 7000):
                yield body[start:start + 7000]

        sent = pieces() if choice.random() < 0.4 else body
        async with session.post(f"{url}/{kind}", data=sent) as response:
            return (200, body), (response.status, await response.read())

    def test_without_proxy(self):
        self.assertEqual(asyncio.run(self.load(self.plain.url)), [])

    def nginx(self, more="", keepalive="", backend=None):
        self.run_through(NGINX, "nginx", "-p", "{folder}", "-c", "{configuration}", more=more, keepalive=keepalive,
                         backend=backend)

    def test_nginx_as_it_comes(self):
        # HTTP/1.0 and a connection per request.
        self.nginx()

    def test_nginx_with_kept_connections_of_http_1_0(self):
        self.nginx("proxy_set_header Connection keep-alive;", "keepalive 16;", self.telling)

    def test_nginx_with_kept_connections(self):
        self.nginx('proxy_http_version 1.1; proxy_set_header Connection "";', "keepalive 16;")

    def test_nginx_that_buffers_nothing(self):
        self.nginx('proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; proxy_buffering off;',
                   "keepalive 16;")

    def test_haproxy(self):
        self.run_through(HAPROXY, "haproxy", "-db", "-f", "{configuration}")

    def test_apache(self):
        self.run_through(APACHE, "apache2", "-D", "FOREGROUND", "-f", "{configuration}", backend=self.telling,
                         modules=APACHE_MODULES)

    def test_varnish(self):
        # It takes a 304 that it did not ask for as a failure.
        statuses = [status for status in STATUSES if status != 304]
        self.run_through(VARNISH, "varnishd", "-F", "-f", "{configuration}", "-a", "127.0.0.1:{port}", "-n", "{folder}/varnish",
                         "-s", "malloc,10m", "-j", "none", backend=self.telling, statuses=statuses)

    def test_caddy(self):
        # It sometimes aborts a response that begins before it has closed the request's body (golang/go issue 40747), and
        # resets the connection to the server. One that fits its buffer is safe.
        self.run_through(CADDY, "caddy", "run", "--adapter", "caddyfile", "--config", "{configuration}",
                         largest_body=2000)


if __name__ == "__main__":
    unittest.main()
