"""docs/guide/wsgi.md, docs/guide/asgi.md"""

import asyncio
import hashlib
import http.client
import json
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import pytest
import websockets.sync.client
from conftest import SECONDS, port_of
from cymongoose.asgi import ASGIServer
from cymongoose.wsgi import WSGIServer

LARGE = b"0123456789abcdef" * (5 << 16)  # 5 MB: beyond the limit from which answers are streamed


def request(port, method, path, body=None, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.body = response.read()
        return response
    finally:
        connection.close()


def concurrently(count, function):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(function, range(count)))


@contextmanager
def wsgi(app, **options):
    server = WSGIServer(app, **options)
    port = port_of(server.listen("http://127.0.0.1:0"))
    stop = threading.Event()

    def run():
        while not stop.is_set():
            server.manager.poll(50)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        stop.set()
        thread.join(SECONDS)
        server.close()


@contextmanager
def asgi(app):
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), []
    server = ASGIServer(app)

    async def start():
        port.append(port_of(await server.start("http://127.0.0.1:0")))
        ready.set()

    def run():
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(server.stop())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        assert ready.wait(SECONDS)
        yield port[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)


# WSGI


def plain(environ, start_response):
    """Every way to answer that PEP 3333 knows."""
    path, body = environ["PATH_INFO"], environ["wsgi.input"].read()
    if path == "/environ":
        names = ["REQUEST_METHOD", "QUERY_STRING", "SERVER_PROTOCOL", "CONTENT_TYPE", "HTTP_X_A", "REMOTE_ADDR", "wsgi.url_scheme"]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({name: environ.get(name) for name in names}).encode()]
    if path == "/cookies":
        start_response("201 Created", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return [b"made"]
    if path == "/write":
        start_response("200 OK", [])(b"written, ")
        return [b"returned"]
    if path == "/large":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return (LARGE[n : n + 100_000] for n in range(0, len(LARGE), 100_000))
    if path == "/file":
        start_response("200 OK", [("Content-Type", "text/x-python")])
        return environ["wsgi.file_wrapper"](open(__file__, "rb"), 1000)
    if path == "/fails":
        raise ValueError("from the application")
    if path == "/fails-late":
        start_response("200 OK", [])

        def pieces():
            yield b"piece"
            raise ValueError("from the iterator")

        return pieces()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [path.encode(), b" ", hashlib.sha256(body).hexdigest().encode()]


@pytest.fixture(scope="module")
def plain_port():
    with wsgi(plain, workers=8) as port:
        yield port


def test_wsgi_environ(plain_port):
    response = request(plain_port, "PUT", "/environ?a=b%20c", b"x", {"X-A": "value", "Content-Type": "text/odd"})
    assert json.loads(response.body) == {
        "REQUEST_METHOD": "PUT",
        "QUERY_STRING": "a=b%20c",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "text/odd",
        "HTTP_X_A": "value",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
    }


def test_wsgi_status_and_repeated_headers(plain_port):
    response = request(plain_port, "GET", "/cookies")
    assert (response.status, response.body) == (201, b"made")
    assert response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_wsgi_write(plain_port):
    assert request(plain_port, "GET", "/write").body == b"written, returned"


@pytest.mark.parametrize("size", [0, 1, 100_000, 2_000_000])
def test_wsgi_request_bodies(plain_port, size):
    body = LARGE[:size]
    assert request(plain_port, "POST", "/b", body).body == b"/b " + hashlib.sha256(body).hexdigest().encode()


def test_wsgi_large_answers_are_streamed(plain_port):
    def get(_):
        response = request(plain_port, "GET", "/large")
        return response.headers["Transfer-Encoding"], response.body == LARGE

    assert concurrently(8, get) == [("chunked", True)] * 8


def test_wsgi_file_wrapper(plain_port):
    with open(__file__, "rb") as f:
        assert request(plain_port, "GET", "/file").body == f.read()


@pytest.mark.parametrize("path", ["/fails", "/fails-late"])
def test_wsgi_exceptions_are_500(plain_port, path, capfd):
    response = request(plain_port, "GET", path)
    assert (response.status, response.body) == (500, b"Internal Server Error")
    assert request(plain_port, "GET", "/still").status == 200
    assert "ValueError" in capfd.readouterr().err


def test_wsgi_concurrent_requests(plain_port):
    nothing = hashlib.sha256(b"").hexdigest()

    def client(number):
        answers = [request(plain_port, "GET", f"/{number}/{n}").body.decode() for n in range(10)]
        return answers == [f"/{number}/{n} {nothing}" for n in range(10)]

    assert concurrently(50, client) == [True] * 50


def test_wsgi_workers_run_side_by_side():
    """Four requests that wait for each other are answered by four workers."""
    barrier = threading.Barrier(4, timeout=SECONDS)

    def app(environ, start_response):
        barrier.wait()
        start_response("200 OK", [])
        return [b"met"]

    with wsgi(app, workers=4) as port:
        assert concurrently(4, lambda _: request(port, "GET", "/").body) == [b"met"] * 4


def test_flask():
    """The page's application."""
    from flask import Flask, Response, jsonify, request as flask_request

    app = Flask(__name__)

    @app.route("/")
    def index():
        return "Hello from Flask on cymongoose!"

    @app.route("/api/echo", methods=["POST"])
    def echo():
        return jsonify(flask_request.json)

    @app.route("/api/greet/<name>")
    def greet(name):
        return jsonify({"greeting": f"Hello, {name}!"})

    @app.route("/upload", methods=["POST"])
    def upload():
        return flask_request.files["file"].read()

    @app.route("/stream")
    def stream():
        return Response((LARGE[:100_000] for _ in range(30)), mimetype="application/octet-stream")

    with wsgi(app, workers=8) as port:
        assert request(port, "GET", "/").body == b"Hello from Flask on cymongoose!"
        payload = {"a": ["b", 1, None], "text": "grüße" * 1000}
        echoed = request(port, "POST", "/api/echo", json.dumps(payload), {"Content-Type": "application/json"})
        assert json.loads(echoed.body) == payload
        assert json.loads(request(port, "GET", "/api/greet/Ann%20B").body) == {"greeting": "Hello, Ann B!"}
        assert request(port, "GET", "/missing").status == 404
        assert request(port, "GET", "/api/echo").status == 405
        assert request(port, "GET", "/stream").body == LARGE[:100_000] * 30

        async def upload_file():
            form = aiohttp.FormData()
            form.add_field("file", LARGE[:1_000_000], filename="a.bin")
            async with aiohttp.ClientSession() as session:
                async with session.post(f"http://127.0.0.1:{port}/upload", data=form) as response:
                    return await response.read()

        assert asyncio.run(upload_file()) == LARGE[:1_000_000]


def test_django():
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
    from django.urls import path

    def fails(_request):
        raise ValueError("from a view")

    urls = [
        path("", lambda r: HttpResponse("Hello from Django")),
        path("echo/", lambda r: JsonResponse({"method": r.method, "query": r.GET.get("q"), "length": len(r.body)})),
        path("stream/", lambda r: StreamingHttpResponse(b"%d;" % n for n in range(1000))),
        path("fails/", fails),
    ]
    settings.configure(ROOT_URLCONF=type("urls", (), {"urlpatterns": urls}), ALLOWED_HOSTS=["*"], SECRET_KEY="x", LOGGING_CONFIG=None)
    django.setup()
    with wsgi(get_wsgi_application()) as port:
        assert request(port, "GET", "/").body == b"Hello from Django"
        assert json.loads(request(port, "POST", "/echo/?q=a%26b", b"x" * 10_000).body) == {"method": "POST", "query": "a&b", "length": 10_000}
        assert request(port, "GET", "/stream/").body == b"".join(b"%d;" % n for n in range(1000))
        assert request(port, "GET", "/missing/").status == 404
        assert request(port, "GET", "/fails/").status == 500


async def echo(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-path", scope["path"].encode())]})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_browsers_send_many_requests_on_a_connection(kind):
    def wsgi_echo(environ, start_response):
        start_response("200 OK", [("X-Path", environ["PATH_INFO"])])
        return [environ["wsgi.input"].read()]

    with wsgi(wsgi_echo) if kind == "wsgi" else asgi(echo) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        for number, size in enumerate([0, 10, 100_000, 3, 0, 20_000]):
            body = bytes([number]) * size
            connection.request("POST", f"/{number}", body)
            socket = connection.sock
            response = connection.getresponse()
            assert (response.read(), response.headers["X-Path"]) == (body, f"/{number}")
            assert connection.sock is socket
        connection.close()


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_runs_until_a_signal(kind, number):
    apps = {
        "wsgi": """
            def app(environ, start_response):
                start_response("200 OK", [])
                return [b"served"]
            """,
        "asgi": """
            async def app(scope, receive, send):
                assert scope["type"] == "http"
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"served"})
            """,
    }
    program = textwrap.dedent(apps[kind]) + f"\nfrom cymongoose.{kind} import serve\nserve(app, 'http://127.0.0.1:0')\n"
    command = [sys.executable, "-u", "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        while "Press Ctrl+C" not in line:
            port = int(line.split(":")[2].strip("/\n")) if "http://" in line else None or port
            line = process.stdout.readline()
        assert request(port, "GET", "/").body == b"served"
        process.send_signal(number)
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors


# ASGI


def test_fastapi():
    """The page's application, with a WebSocket, a stream and the lifespan protocol."""
    from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
    from fastapi.responses import PlainTextResponse, StreamingResponse

    life = []

    @asynccontextmanager
    async def lifespan(app):
        life.append("startup")
        yield
        life.append("shutdown")

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def index():
        return {"message": "Hello from FastAPI on cymongoose!"}

    @app.get("/items/{item_id}")
    async def get_item(item_id: int, q: str = ""):
        return {"item_id": item_id, "q": q}

    @app.post("/digest")
    async def digest(request: Request):
        return PlainTextResponse(hashlib.sha256(await request.body()).hexdigest())

    @app.get("/large")
    async def large():
        return PlainTextResponse(LARGE)

    @app.get("/stream")
    async def stream():
        async def pieces():
            for n in range(0, len(LARGE), 50_000):
                yield LARGE[n : n + 50_000]

        return StreamingResponse(pieces(), media_type="application/octet-stream")

    @app.get("/fails")
    async def fails():
        raise ValueError("from a path operation")

    @app.websocket("/ws")
    async def echo(websocket: WebSocket):
        await websocket.accept()
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                if message.get("text") == "close":
                    await websocket.close(4000, "asked for")
                    break
                if message.get("text") is not None:
                    await websocket.send_text(f"Echo: {message['text']}")
                else:
                    await websocket.send_bytes(message["bytes"])
        except WebSocketDisconnect:
            pass

    with asgi(app) as port:
        assert life == ["startup"]
        assert json.loads(request(port, "GET", "/").body) == {"message": "Hello from FastAPI on cymongoose!"}
        assert json.loads(request(port, "GET", "/items/7?q=a+b").body) == {"item_id": 7, "q": "a b"}
        assert request(port, "GET", "/items/seven").status == 422
        assert request(port, "GET", "/missing").status == 404
        body = LARGE[:2_000_000]
        assert request(port, "POST", "/digest", body).body.decode() == hashlib.sha256(body).hexdigest()
        assert request(port, "GET", "/large").body == LARGE
        streamed = request(port, "GET", "/stream")
        assert (streamed.headers["Transfer-Encoding"], streamed.body == LARGE) == ("chunked", True)
        failed = request(port, "GET", "/fails")
        assert (failed.status, failed.body) == (500, b"Internal Server Error")
        answers = concurrently(50, lambda n: json.loads(request(port, "GET", f"/items/{n}").body)["item_id"])
        assert answers == list(range(50))
        with websockets.sync.client.connect(f"ws://127.0.0.1:{port}/ws", max_size=None, compression=None) as ws:
            for text in ["hello", "grüße", "x" * 100_000]:
                ws.send(text)
                assert ws.recv(SECONDS) == f"Echo: {text}"
            ws.send(LARGE[:1_000_000])
            assert ws.recv(SECONDS) == LARGE[:1_000_000]
            ws.send("close")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                ws.recv(SECONDS)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "asked for")
    assert life == ["startup", "shutdown"]


def test_asgi_messages():
    """The scope, the page's stream, and http.disconnect when the client leaves."""
    scopes, left = [], threading.Event()

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        scopes.append(scope)
        assert (await receive())["type"] == "http.request"
        headers = [[b"content-type", b"text/plain"], [b"set-cookie", b"a=1"], [b"set-cookie", b"b=2"]]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for n in range(100):
            await send({"type": "http.response.body", "body": b"%d;" % n, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        if (await receive())["type"] == "http.disconnect":
            left.set()

    with asgi(app) as port:
        response = request(port, "GET", "/a%20b?c=d", headers={"X-A": "value"})
        assert response.body == b"".join(b"%d;" % n for n in range(100))
        assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]
        assert left.wait(SECONDS)
    scope = scopes[0]
    assert (scope["method"], scope["path"], scope["raw_path"], scope["query_string"]) == ("GET", "/a b", b"/a%20b", b"c=d")
    assert (scope["http_version"], scope["scheme"], scope["server"]) == ("1.1", "http", ["127.0.0.1", port])
    assert [b"x-a", b"value"] in scope["headers"] and scope["client"][0] == "127.0.0.1"


def test_asgi_failing_startup():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="no database"):
        asyncio.run(ASGIServer(app).start("http://127.0.0.1:0"))
