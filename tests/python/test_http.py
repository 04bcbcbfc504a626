"""docs/guide/http.md, docs/api/connection.md (HTTP, static files, streaming, authentication), docs/api/utilities.md"""

import asyncio
import base64
import http.client
import json
import os
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request

import aiohttp
import pytest
from aiohttp import web
from conftest import SECONDS, Loop, poll_until, port_of
from cymongoose import (
    MG_EV_ACCEPT,
    MG_EV_CONNECT,
    MG_EV_ERROR,
    MG_EV_HTTP_HDRS,
    MG_EV_HTTP_MSG,
    TlsOpts,
    http_parse_multipart,
)


class Server(Loop):
    """A server whose handler answers requests: respond(connection, request)."""

    def __init__(self, respond, **options):
        super().__init__(lambda conn, ev, data: respond(conn, data) if ev == MG_EV_HTTP_MSG else None, **options)
        self.port = port_of(self.manager.listen("http://127.0.0.1:0", http=True))

    def request(self, method, path, body=None, headers={}):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.body = response.read()
            return response
        finally:
            connection.close()


def test_request_data():
    seen = {}

    def respond(conn, request):
        seen.update(
            method=request.method,
            uri=request.uri,
            query=request.query,
            proto=request.proto,
            id=request.query_var("id"),
            name=request.query_var("name"),
            missing=request.query_var("missing"),
            custom=request.header("x-custom"),
            absent=request.header("X-Absent"),
            default=request.header("X-Absent", "default"),
            charset=request.header_var("Content-Type", "charset"),
            headers=request.headers(),
            body=request.body_bytes,
            text=request.body_text,
        )
        conn.reply(201, b"made")

    with Server(respond) as server:
        response = server.request(
            "POST",
            "/api/users/123?id=12+3&name=f%C3%B6o%26",
            "grüße".encode(),
            {"X-Custom": "some value", "Content-Type": "text/plain; charset=utf-8"},
        )
    assert (response.status, response.body) == (201, b"made")
    assert ("X-Custom", "some value") in seen.pop("headers")
    assert seen == {
        "method": "POST",
        "uri": "/api/users/123",
        "query": "id=12+3&name=f%C3%B6o%26",
        "proto": "HTTP/1.1",
        "id": "12 3",
        "name": "föo&",
        "missing": None,
        "custom": "some value",
        "absent": None,
        "default": "default",
        "charset": "utf-8",
        "body": "grüße".encode(),
        "text": "grüße",
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_methods(method):
    with Server(lambda conn, request: conn.reply(200, request.method)) as server:
        assert server.request(method, "/").body == method.encode()


@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404, 500, 503])
def test_status_codes(status):
    with Server(lambda conn, request: conn.reply(status, b"text")) as server:
        response = server.request("GET", "/")
    assert (response.status, response.reason) == (status, http.client.responses[status])
    assert response.body == b"text" and response.headers["Content-Type"] == "text/plain"


def test_no_content():
    """RFC 9110, 15.3.5 and 8.6: neither a body nor Content-Length."""
    with Server(lambda conn, request: conn.reply(204, b"")) as server:
        response = server.request("GET", "/")
    assert (response.status, response.body, response.headers["Content-Length"]) == (204, b"", None)


def test_headers_of_replies():
    def respond(conn, request):
        if request.uri == "/json":
            conn.reply_json({"status": "ok", "count": 42}, status_code=202, headers={"X-Extra": "yes"})
        else:
            conn.reply(200, b"<html></html>", headers={"content-type": "text/html", "X-Request-ID": "12345"})

    with Server(respond) as server:
        html, answer = server.request("GET", "/"), server.request("GET", "/json")
    assert html.headers.get_all("Content-Type") == ["text/html"] and html.headers["X-Request-ID"] == "12345"
    assert (answer.status, json.loads(answer.body)) == (202, {"status": "ok", "count": 42})
    assert answer.headers.get_all("Content-Type") == ["application/json"] and answer.headers["X-Extra"] == "yes"


@pytest.mark.parametrize("bad", [{"X-A": "b\r\nX-Injected: 1"}, {"X-A\r\nX-Injected": "1"}])
def test_header_injection_is_refused(bad):
    refused = []

    def respond(conn, request):
        try:
            conn.reply(200, b"", headers=bad)
        except ValueError:
            refused.append(1)
            conn.reply(500, b"refused")

    with Server(respond) as server:
        response = server.request("GET", "/")
    assert refused and response.status == 500 and "X-Injected" not in response.headers


def test_routing_and_drain():
    def respond(conn, request):
        if request.method == "GET" and request.uri == "/":
            conn.reply(200, b"Home page")
        elif request.method == "GET" and request.uri.startswith("/api/users/"):
            conn.reply_json({"id": request.uri.split("/")[-1]})
        else:
            conn.reply(404, b'{"error": "Not found"}', headers={"Content-Type": "application/json"})
        conn.drain()

    with Server(respond) as server:
        assert server.request("GET", "/").body == b"Home page"
        assert json.loads(server.request("GET", "/api/users/7").body) == {"id": "7"}
        assert server.request("POST", "/").status == 404
        # The server closes the connection once all is sent.
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b"".join(iter(lambda: s.recv(65536), b""))
        assert answer.endswith(b"\r\n\r\nHome page")


def test_keep_alive_and_pipelining():
    ids = set()

    def respond(conn, request):
        ids.add(conn.id)
        conn.reply(200, request.uri)

    with Server(respond) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        for n in range(100):
            connection.request("GET", f"/{n}")
            assert connection.getresponse().read() == f"/{n}".encode()
        connection.close()
        assert len(ids) == 1
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as s:
            s.sendall(b"".join(b"GET /p%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(50)))
            answer = b""
            while not answer.endswith(b"/p49"):
                answer += s.recv(65536) or pytest.fail("closed")
        assert re.findall(rb"\r\n\r\n(/p\d+)", answer) == [b"/p%d" % n for n in range(50)]


def test_connection_close_is_honoured():
    """RFC 9112, 9.6"""
    with Server(lambda conn, request: conn.reply(200, b"bye")) as server:
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert b"".join(iter(lambda: s.recv(65536), b"")).endswith(b"bye")


def test_expect_continue():
    """RFC 9110, 10.1.1"""
    with Server(lambda conn, request: conn.reply(200, request.body_bytes)) as server:
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as s:
            s.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            assert s.recv(100).startswith(b"HTTP/1.1 100 ")
            s.sendall(b"body")
            assert s.recv(1000).endswith(b"\r\n\r\nbody")


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 1_000_001])
def test_bodies_come_back(size):
    body = (b"0123456789abcdefghijklmnopqrstuvwxyz" * (size // 36 + 1))[:size]
    with Server(lambda conn, request: conn.reply(200, request.body_bytes)) as server:
        response = server.request("POST", "/", body)
        assert response.body == body and int(response.headers["Content-Length"]) == size
        # Sent in chunks: its length is not known.
        chunked = server.request("POST", "/", iter([body[:100], body[100:]]))
        assert chunked.body == body


def test_large_response():
    body = os.urandom(4 << 20)

    def respond(conn, request):
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with Server(respond) as server:
        assert server.request("GET", "/").body == body


def test_hundred_concurrent_clients():
    with Server(lambda conn, request: conn.reply(200, request.uri)) as server:

        async def main():
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(connector=connector) as session:

                async def client(number):
                    for n in range(10):
                        path = f"/{number}/{n}"
                        async with session.get(f"http://127.0.0.1:{server.port}{path}") as response:
                            assert await response.text() == path

                await asyncio.gather(*(client(number) for number in range(100)))

        asyncio.run(main())


def test_chunked_response():
    def respond(conn, request):
        conn.reply(200, "", headers={"Transfer-Encoding": "chunked"})
        for i in range(100):
            conn.http_chunk(f"Chunk {i}\n")
        conn.http_chunk(b"\x00\xff")
        conn.http_chunk("")

    expected = "".join(f"Chunk {i}\n" for i in range(100)).encode() + b"\x00\xff"
    with Server(respond) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        for _ in range(2):  # the connection stays usable
            connection.request("GET", "/")
            response = connection.getresponse()
            assert response.read() == expected
            # RFC 9112, 6.2: not with Transfer-Encoding.
            assert response.headers["Content-Length"] is None
        connection.close()


def test_server_sent_events():
    """The events of the documented stream reach a client that reads it as RFC 9112 says."""

    def respond(conn, request):
        conn.reply(200, "", headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        conn.http_sse("message", "Hello from server")
        conn.http_sse("update", json.dumps({"value": 42}))

    with Server(respond) as server:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/events", timeout=SECONDS) as stream:
            assert stream.headers["Content-Type"] == "text/event-stream"
            assert stream.headers["Cache-Control"] == "no-cache"
            lines = [stream.readline() for _ in range(6)]
    assert lines == [
        *[b"event: message\n", b"data: Hello from server\n", b"\n"],
        *[b"event: update\n", b'data: {"value": 42}\n', b"\n"],
    ]


@pytest.mark.parametrize("framing", [{}, {"Transfer-Encoding": "chunked"}])
def test_server_sent_events_of_a_timer(framing):
    """The page's broadcast to every client."""
    clients = []

    def respond(conn, request):
        conn.reply(200, "", headers={"Content-Type": "text/event-stream", **framing})
        clients.append(conn)

    server = Server(respond)
    sent = []

    def broadcast():
        for client in clients:
            client.http_sse("update", str(len(sent)))
        if clients:
            sent.append(1)

    timer = server.manager.timer_add(10, broadcast, repeat=True)
    with server, urllib.request.urlopen(f"http://127.0.0.1:{server.port}/events", timeout=SECONDS) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        lines = [stream.readline() for _ in range(9)]
        timer.cancel()
    expected = [[b"event: update\n", b"data: %d\n" % n, b"\n"] for n in range(3)]
    assert lines == sum(expected, [])


def test_multipart_upload():
    files = {"first.txt": b"some text\r\n", "second.bin": bytes(range(256)) * 1000, "empty": b""}
    parts = []

    def respond(conn, request):
        offset = 0
        while True:
            offset, part = http_parse_multipart(request.body_bytes, offset)
            if part is None:
                break
            parts.append(part)
        conn.reply(200, b'{"status": "uploaded"}')
        conn.drain()

    with Server(respond) as server:

        async def main():
            form = aiohttp.FormData()
            form.add_field("field", "a value")
            for name, content in files.items():
                form.add_field("files", content, filename=name, content_type="application/octet-stream")
            async with aiohttp.ClientSession() as session:
                async with session.post(f"http://127.0.0.1:{server.port}/upload", data=form) as response:
                    assert await response.text() == '{"status": "uploaded"}'

        asyncio.run(main())
    assert (parts[0]["name"], parts[0]["body"], parts[0]["filename"] or "") == ("field", b"a value", "")
    assert {part["filename"]: part["body"] for part in parts[1:]} == files
    assert all(part["name"] == "files" for part in parts[1:])


def test_headers_event_precedes_the_message():
    events = []

    def handler(conn, ev, data):
        if ev in (MG_EV_HTTP_HDRS, MG_EV_HTTP_MSG):
            events.append((ev, data.method, data.header("X-A")))
        if ev == MG_EV_HTTP_MSG:
            conn.reply(200, b"")

    loop = Loop(handler)
    port = port_of(loop.manager.listen("http://127.0.0.1:0"))
    with loop:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        connection.request("POST", "/", b"body", {"X-A": "b"})
        connection.getresponse().read()
        connection.close()
    assert events == [(MG_EV_HTTP_HDRS, "POST", "b"), (MG_EV_HTTP_MSG, "POST", "b")]


def test_messages_are_views_of_their_event():
    """docs/api/messages.md: only valid within the event handler."""
    kept = []

    def respond(conn, request):
        kept.append(request)
        conn.reply(200, b"")

    with Server(respond) as server:
        server.request("GET", "/path")
    assert not kept[0] and kept[0].uri == "" and kept[0].header("Host") is None


# Static files


@pytest.fixture
def public(tmp_path):
    content = bytes(i * 7 % 251 for i in range(100_000))
    (tmp_path / "data.bin").write_bytes(content)
    (tmp_path / "page.html").write_text("<p>page</p>")
    (tmp_path / "index.html").write_text("<p>index</p>")
    (tmp_path / "style.css").write_text("p {}")
    (tmp_path / "name with space.txt").write_text("spaced")
    (tmp_path / "missing.html").write_text("<p>not here</p>")
    (tmp_path / "odd.xyz").write_text("odd")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("a")
    (tmp_path.parent / f"{tmp_path.name}-secret.txt").write_text("secret")
    return tmp_path


@pytest.fixture
def static(public):
    def respond(conn, request):
        if request.uri == "/one":
            conn.serve_file(request, str(public / "page.html"), extra_headers="X-One: 1\r\n")
        else:
            conn.serve_dir(
                request,
                str(public),
                extra_headers="Cache-Control: max-age=3600\r\n",
                mime_types="xyz=text/odd",
                page404=str(public / "missing.html"),
            )

    with Server(respond) as server:
        yield server


@pytest.mark.parametrize(
    "path, file, kind",
    [
        ("/data.bin", "data.bin", None),
        ("/page.html", "page.html", "text/html"),
        ("/", "index.html", "text/html"),
        ("/style.css", "style.css", "text/css"),
        ("/name%20with%20space.txt", "name with space.txt", "text/plain"),
        ("/odd.xyz", "odd.xyz", "text/odd"),
        ("/sub/a.txt?query=1", "sub/a.txt", "text/plain"),
    ],
)
def test_static_files(static, public, path, file, kind):
    response = static.request("GET", path)
    content = (public / file).read_bytes()
    assert (response.status, response.body) == (200, content)
    assert int(response.headers["Content-Length"]) == len(content)
    assert response.headers["Cache-Control"] == "max-age=3600"
    if kind:
        assert response.headers["Content-Type"].split(";")[0] == kind


def test_static_head(static, public):
    response = static.request("HEAD", "/data.bin")
    assert (response.status, response.body, response.headers["Content-Length"]) == (200, b"", "100000")
    # Nothing follows the head on the wire.
    with socket.create_connection(("127.0.0.1", static.port), SECONDS) as s:
        s.sendall(b"HEAD /data.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b"".join(iter(lambda: s.recv(65536), b"")).endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "wanted, first, last",
    [("bytes=0-0", 0, 0), ("bytes=100-199", 100, 199), ("bytes=99990-", 99990, 99999), ("bytes=-5", 99995, 99999)],
)
def test_static_ranges(static, public, wanted, first, last):
    """RFC 9110, 14"""
    response = static.request("GET", "/data.bin", headers={"Range": wanted})
    assert response.status == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/100000"
    assert response.body == (public / "data.bin").read_bytes()[first : last + 1]


def test_static_range_beyond_the_end(static):
    response = static.request("GET", "/data.bin", headers={"Range": "bytes=100000-"})
    assert (response.status, response.headers["Content-Range"]) == (416, "bytes */100000")


def test_static_not_modified(static):
    etag = static.request("GET", "/data.bin").headers["ETag"]
    response = static.request("GET", "/data.bin", headers={"If-None-Match": etag})
    assert (response.status, response.body) == (304, b"")
    assert static.request("GET", "/data.bin", headers={"If-None-Match": '"other"'}).status == 200


def test_static_page404(static):
    assert static.request("GET", "/no-such-file").body == b"<p>not here</p>"


def test_missing_files_are_not_found(public):
    with Server(lambda conn, request: conn.serve_dir(request, str(public))) as server:
        assert server.request("GET", "/no-such-file").status == 404


def test_serve_file(static):
    response = static.request("GET", "/one")
    assert (response.status, response.body, response.headers["X-One"]) == (200, b"<p>page</p>", "1")


def test_extra_headers_as_the_page_writes_them(public):
    """The page gives one header, without its line end."""

    def respond(conn, request):
        if request.uri == "/one":
            conn.serve_file(request, str(public / "page.html"), extra_headers="Cache-Control: max-age=3600")
        else:
            conn.serve_dir(request, str(public), extra_headers="Cache-Control: max-age=3600")

    with Server(respond) as server:
        for path in ["/page.html", "/one"]:
            response = server.request("GET", path)
            assert (response.status, response.body) == (200, b"<p>page</p>")
            assert response.headers["Cache-Control"] == "max-age=3600"
            assert response.headers["Content-Length"] == "11"


@pytest.mark.parametrize("up", ["../", "%2e%2e/", "..%2f", "sub/../../", ".%2e%2f"])
def test_nothing_outside_the_root(static, public, up):
    with socket.create_connection(("127.0.0.1", static.port), SECONDS) as s:
        target = f"/{up}{public.name}-secret.txt"
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 4") and b"secret" not in answer


# Client


class Aiohttp:
    """A server of aiohttp in a thread."""

    def __init__(self, handler, context=None):
        self._handler, self._context = handler, context
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        async def start():
            runner = web.ServerRunner(web.Server(self._handler))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._context)
            await site.start()
            self.port = site._server.sockets[0].getsockname()[1]
            return runner

        runner = self._loop.run_until_complete(start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(SECONDS)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)


def fetch(manager, url, request, before=lambda conn: None):
    """Sends a request when connected; returns status, headers and body of the response."""
    result = []

    def handler(conn, ev, data):
        if ev == MG_EV_CONNECT:
            before(conn)
            conn.send(request)
        elif ev == MG_EV_HTTP_MSG:
            result.append((data.status(), dict(data.headers()), data.body_bytes))
            conn.close()
        elif ev == MG_EV_ERROR:
            result.append(data)

    manager.connect(url, handler, http=True)
    return poll_until(manager, lambda: result)[0]


async def echo(request):
    return web.Response(body=await request.read(), headers={"X-Path": request.path_qs})


def test_client_get_and_post(manager):
    with Aiohttp(echo) as peer:
        url = f"http://127.0.0.1:{peer.port}"
        status, headers, body = fetch(manager, url, b"GET /api/data?a=b HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (status, headers["X-Path"], body) == (200, "/api/data?a=b", b"")
        payload = json.dumps({"name": "Alice" * 100_000}).encode()
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(payload)
        assert fetch(manager, url, head + payload)[2] == payload


def test_client_joins_chunks(manager):
    async def stream(request):
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for n in range(1000):
            await response.write(b"piece %d;" % n)
        return response

    with Aiohttp(stream) as peer:
        status, _, body = fetch(manager, f"http://127.0.0.1:{peer.port}", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (status, body) == (200, b"".join(b"piece %d;" % n for n in range(1000)))


def test_client_response_that_ends_with_the_connection(manager):
    """RFC 9112, 6.3, rule 8"""

    async def old(request):
        response = web.StreamResponse()
        response.force_close()
        await response.prepare(request)
        await response.write(b"until the end")
        return response

    with Aiohttp(old) as peer:
        status, _, body = fetch(manager, f"http://127.0.0.1:{peer.port}", b"GET / HTTP/1.0\r\n\r\n")
    assert (status, body) == (200, b"until the end")


def test_client_basic_auth(manager):
    async def protected(request):
        auth = aiohttp.BasicAuth.decode(request.headers["Authorization"])
        return web.Response(text=f"{auth.login}:{auth.password}")

    def handler(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.send(b"GET /protected HTTP/1.1\r\nHost: a\r\n")
            conn.http_basic_auth("username", "pass:word")
            conn.send(b"\r\n")
        elif ev == MG_EV_HTTP_MSG:
            result.append(data.body_text)

    result = []
    with Aiohttp(protected) as peer:
        manager.connect(f"http://127.0.0.1:{peer.port}", handler)
        assert poll_until(manager, lambda: result) == ["username:pass:word"]


def test_server_reads_basic_auth():
    def respond(conn, request):
        conn.reply(200, base64.b64decode(request.header("Authorization").removeprefix("Basic ")))

    with Server(respond) as server:
        token = base64.b64encode(b"user:secret").decode()
        assert server.request("GET", "/", headers={"Authorization": f"Basic {token}"}).body == b"user:secret"


def test_client_of_a_closed_port_gets_an_error(manager):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    assert isinstance(fetch(manager, f"http://127.0.0.1:{port}", b""), str)


def test_hundred_connections_of_one_manager(manager):
    bodies = []

    def handler(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.send(f"GET /{conn.id} HTTP/1.1\r\nHost: a\r\n\r\n")
        elif ev == MG_EV_HTTP_MSG:
            bodies.append(data.header("X-Path") == f"/{conn.id}")
            conn.close()

    with Aiohttp(echo) as peer:
        for _ in range(100):
            manager.connect(f"http://127.0.0.1:{peer.port}", handler)
        poll_until(manager, lambda: len(bodies) == 100)
        poll_until(manager, lambda: not any(conn.is_client for conn in manager.connections))
    assert all(bodies)


# HTTPS


def test_https_server(authority, identity):
    cert, key = identity

    def handler(conn, ev, data):
        if ev == MG_EV_ACCEPT:
            conn.tls_init(TlsOpts(cert=cert, key=key))
        elif ev == MG_EV_HTTP_MSG:
            conn.reply(200, data.body_bytes or b"Secure Hello!")
            conn.drain()

    loop = Loop(handler)
    port = port_of(loop.manager.listen("https://127.0.0.1:0", http=True))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    body = b"x" * 3_000_000
    with loop:
        with urllib.request.urlopen(f"https://localhost:{port}/", context=context, timeout=SECONDS) as response:
            assert response.read() == b"Secure Hello!"
        with urllib.request.urlopen(f"https://localhost:{port}/", body, context=context, timeout=SECONDS) as response:
            assert response.read() == body
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"https://localhost:{port}/", timeout=SECONDS)


def test_https_server_with_a_hundred_clients(authority, identity):
    cert, key = identity

    def handler(conn, ev, data):
        if ev == MG_EV_ACCEPT:
            conn.tls_init(TlsOpts(cert=cert, key=key))
        elif ev == MG_EV_HTTP_MSG:
            conn.reply(200, data.uri)

    loop = Loop(handler)
    port = port_of(loop.manager.listen("https://127.0.0.1:0"))
    context = ssl.create_default_context()
    authority.configure_trust(context)

    async def main():
        connector = aiohttp.TCPConnector(limit=0, ssl=context)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def get(n):
                async with session.get(f"https://localhost:{port}/{n}") as response:
                    return await response.text() == f"/{n}"

            assert all(await asyncio.gather(*(get(n) for n in range(100))))

    with loop:
        asyncio.run(main())


def test_https_client(manager, authority, identity, tmp_path):
    ca = authority.cert_pem.bytes()
    (tmp_path / "chain").write_bytes(identity[0])
    (tmp_path / "key").write_bytes(identity[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain", tmp_path / "key")
    payload = b"y" * 1_000_000
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload
    with Aiohttp(echo, context) as peer:
        url = f"https://127.0.0.1:{peer.port}"
        secure = fetch(manager, url, request, lambda conn: conn.tls_init(TlsOpts(ca=ca, name="localhost")))
        assert (secure[0], secure[2]) == (200, payload)
