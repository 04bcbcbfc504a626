"""docs/guide/websocket.md, docs/api/messages.md (WsMessage)

With TLS only the asyncio half of websockets serves as a peer: the other one reads and writes one SSL object in two
threads, and now and then OpenSSL loses what was written.
"""

import asyncio
import json
import os
import ssl
import threading

import pytest
import websockets
import websockets.sync.client as sync_client
import websockets.sync.server as sync_server
from conftest import SECONDS, Loop, poll_until, port_of, wait_for
from cymongoose import (
    MG_EV_ACCEPT,
    MG_EV_CLOSE,
    MG_EV_CONNECT,
    MG_EV_ERROR,
    MG_EV_HTTP_MSG,
    MG_EV_WS_CTL,
    MG_EV_WS_MSG,
    MG_EV_WS_OPEN,
    WEBSOCKET_OP_BINARY,
    WEBSOCKET_OP_PING,
    WEBSOCKET_OP_TEXT,
    TlsOpts,
)
from websockets.frames import CloseCode

CLOSE = 8


def echo(conn, ev, data):
    """The page's server: text and binary come back as they are."""
    if ev == MG_EV_HTTP_MSG:
        if data.uri == "/ws":
            conn.ws_upgrade(data, {"X-Extra": "yes"})
        else:
            conn.reply(404, b"Not Found")
            conn.drain()
    elif ev == MG_EV_WS_MSG:
        # The opcode is in the low four bits.
        if data.flags & 15 == WEBSOCKET_OP_TEXT:
            conn.ws_send(data.text, WEBSOCKET_OP_TEXT)
        else:
            conn.ws_send(data.data, WEBSOCKET_OP_BINARY)


@pytest.fixture
def server():
    loop = Loop(echo)
    loop.port = port_of(loop.manager.listen("http://127.0.0.1:0"))
    loop.url = f"ws://127.0.0.1:{loop.port}/ws"
    with loop:
        yield loop


def connect(url, **options):
    return sync_client.connect(url, open_timeout=SECONDS, max_size=None, **options)


def test_upgrade(server):
    with connect(server.url) as ws:
        assert ws.response.status_code == 101 and ws.response.headers["X-Extra"] == "yes"
    with pytest.raises(websockets.InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{server.port}/other")
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("message", ["Hello, WebSocket!", "grüße \U0001f600", "", b"\x00\x01\x02\xff", b"", json.dumps({"a": 1})])
def test_text_and_binary_come_back(server, message):
    with connect(server.url) as ws:
        ws.send(message)
        assert ws.recv(SECONDS) == message


@pytest.mark.parametrize("size", [125, 126, 65_535, 65_536, 1 << 20, 2_900_000])
def test_messages_of_any_size(server, size):
    """Each form of the payload length of RFC 6455, 5.2. The receive buffer's limit is 3 MB."""
    message = os.urandom(size)
    with connect(server.url, compression=None) as ws:
        ws.send(message)
        assert ws.recv(SECONDS) == message


def test_fragments_are_joined(server):
    with connect(server.url) as ws:
        ws.send(f"part {n} " for n in range(100))
        assert ws.recv(SECONDS) == "".join(f"part {n} " for n in range(100))
        ws.send([b"\x00" * 1000] * 100)
        assert ws.recv(SECONDS) == bytes(100_000)


def test_many_messages_in_order(server):
    with connect(server.url) as ws:
        for n in range(2000):
            ws.send(str(n))
        assert [ws.recv(SECONDS) for _ in range(2000)] == [str(n) for n in range(2000)]


def test_pings_are_answered_also_between_fragments(server):
    with connect(server.url) as ws:
        assert ws.ping(b"are you there").wait(SECONDS)

        def pieces():
            yield "one "
            pong = ws.ping(b"between")
            assert pong.wait(SECONDS)
            yield "message"

        ws.send(pieces())
        assert ws.recv(SECONDS) == "one message"


@pytest.mark.parametrize("code, reason", [(1000, ""), (1001, "going away"), (3000, "x" * 123), (4999, "grüße")])
def test_the_peer_closes(server, code, reason):
    """RFC 6455, 5.5.1: the close frame is answered with the same code."""
    with connect(server.url) as ws:
        ws.send("hello")
        assert ws.recv(SECONDS) == "hello"
        ws.close(code, reason)
        # Both, or the closing handshake was not completed.
        assert ws.protocol.close_sent.code == code and ws.protocol.close_rcvd.code == code


def test_the_server_closes():
    def handler(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.ws_upgrade(data)
        elif ev == MG_EV_WS_OPEN:
            conn.ws_send((4001).to_bytes(2, "big") + b"enough", CLOSE)

    loop = Loop(handler)
    port = port_of(loop.manager.listen("http://127.0.0.1:0"))
    with loop, connect(f"ws://127.0.0.1:{port}/") as ws:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            ws.recv(SECONDS)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "enough")


def test_control_frames_are_events():
    seen = []

    def handler(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.ws_upgrade(data)
        elif ev == MG_EV_WS_CTL:
            seen.append(ev)
        elif ev == MG_EV_CLOSE and not conn.is_listening:
            seen.append("closed")

    loop = Loop(handler)
    port = port_of(loop.manager.listen("http://127.0.0.1:0"))
    with loop:
        with connect(f"ws://127.0.0.1:{port}/") as ws:
            assert ws.ping().wait(SECONDS)
        wait_for(lambda: "closed" in seen)
    assert seen == [MG_EV_WS_CTL, MG_EV_WS_CTL, "closed"]


def test_open_comes_before_messages_and_the_connection_knows():
    seen = []

    def handler(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            seen.append(("http", conn.is_websocket))
            conn.ws_upgrade(data)
        elif ev == MG_EV_WS_OPEN:
            seen.append(("open", conn.is_websocket))
        elif ev == MG_EV_WS_MSG:
            seen.append((data.text, conn.is_websocket))
            conn.ws_send("done")

    loop = Loop(handler)
    port = port_of(loop.manager.listen("http://127.0.0.1:0"))
    with loop, connect(f"ws://127.0.0.1:{port}/") as ws:
        ws.send("first")
        assert ws.recv(SECONDS) == "done"
    assert seen == [("http", False), ("open", True), ("first", True)]


def test_broadcast_to_a_hundred_clients_with_user_data():
    """The page's chat room."""
    clients = []

    def handler(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.ws_upgrade(data)
            clients.append(conn)
            conn.userdata = {"username": data.query_var("name")}
        elif ev == MG_EV_WS_MSG:
            text = f"{conn.userdata['username']}: {json.loads(data.text)['text']}"
            for client in clients:
                client.ws_send(text, WEBSOCKET_OP_TEXT)
        elif ev == MG_EV_CLOSE and conn in clients:
            clients.remove(conn)

    loop = Loop(handler)
    port = port_of(loop.manager.listen("http://127.0.0.1:0"))

    async def main():
        opened = [websockets.connect(f"ws://127.0.0.1:{port}/ws?name=u{n}", open_timeout=SECONDS) for n in range(100)]
        sockets = await asyncio.gather(*opened)
        await asyncio.gather(*(s.send(json.dumps({"type": "message", "text": "hi"})) for s in sockets))

        async def read(s):
            return {await s.recv() for _ in range(100)}

        everything = {f"u{n}: hi" for n in range(100)}
        assert await asyncio.gather(*(read(s) for s in sockets)) == [everything] * 100
        await asyncio.gather(*(s.close() for s in sockets))

    with loop:
        asyncio.run(asyncio.wait_for(main(), 60))
        wait_for(lambda: not clients)


def test_another_handler_for_the_websocket():
    """docs/api/connection.md"""

    def websocket_handler(conn, ev, data):
        if ev == MG_EV_WS_MSG:
            conn.ws_send(f"Echo: {data.text}")

    def main_handler(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.set_handler(websocket_handler)
            conn.ws_upgrade(data)

    loop = Loop(main_handler)
    port = port_of(loop.manager.listen("http://127.0.0.1:0"))
    with loop, connect(f"ws://127.0.0.1:{port}/ws") as ws:
        ws.send("hello")
        assert ws.recv(SECONDS) == "Echo: hello"


def test_secure_server(authority, identity):
    cert, key = identity

    def handler(conn, ev, data):
        if ev == MG_EV_ACCEPT:
            conn.tls_init(TlsOpts(cert=cert, key=key))
        else:
            echo(conn, ev, data)

    loop = Loop(handler)
    port = port_of(loop.manager.listen("https://127.0.0.1:0", http=True))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    message = os.urandom(1 << 20)

    async def talk():
        async with websockets.connect(f"wss://localhost:{port}/ws", ssl=context, max_size=None) as ws:
            await ws.send(message)
            assert await asyncio.wait_for(ws.recv(), SECONDS) == message

    with loop:
        asyncio.run(talk())


# Client


class Peer:
    """A server of the websockets package in a thread."""

    def __init__(self, handler, **options):
        self._server = sync_server.serve(handler, "127.0.0.1", 0, max_size=None, **options)
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join(SECONDS)


def echo_peer(ws):
    for message in ws:
        ws.send(message)


@pytest.mark.parametrize("message, op", [("grüße", 1), (b"\x00\xff" * 10, 2), (b"", 2), (b"x" * 126, 2), (b"y" * 1_000_000, 2)])
def test_client(manager, message, op):
    got = []

    def handler(conn, ev, data):
        if ev == MG_EV_WS_OPEN:
            conn.ws_send(message, op)
        elif ev == MG_EV_WS_MSG:
            got.append((data.flags & 15, data.data))

    with Peer(echo_peer) as peer:
        conn = manager.ws_connect(f"ws://127.0.0.1:{peer.port}/ws", handler)
        poll_until(manager, lambda: got)
        conn.close()
        manager.poll(0)
    assert got == [(op, message.encode() if isinstance(message, str) else message)]


def test_client_handshake_names_its_target(manager):
    requests, opened = [], []

    def peer_handler(ws):
        requests.append((ws.request.path, ws.request.headers["Host"]))
        echo_peer(ws)

    with Peer(peer_handler) as peer:
        conn = manager.ws_connect(
            f"ws://127.0.0.1:{peer.port}/a/b?c=d", lambda conn, ev, data: opened.append(data.status()) if ev == MG_EV_WS_OPEN else None
        )
        poll_until(manager, lambda: opened and requests)
        conn.close()
        manager.poll(0)
    assert opened == [101]
    assert requests[0][0] == "/a/b?c=d" and requests[0][1].split(":")[0] == "127.0.0.1"


def test_client_joins_fragments_and_answers_pings(manager):
    got, ponged = [], []

    def peer_handler(ws):
        ws.send(["one ", "message"])
        ponged.append(ws.ping(b"data").wait(SECONDS))

    with Peer(peer_handler) as peer:
        manager.ws_connect(
            f"ws://127.0.0.1:{peer.port}/", lambda conn, ev, data: got.append(data.text) if ev == MG_EV_WS_MSG else None
        )
        poll_until(manager, lambda: got and ponged)
    assert (got, ponged) == (["one message"], [True])


def test_client_sends_pings_and_a_close_code(manager):
    closes, controls = [], []

    def peer_handler(ws):
        with pytest.raises(websockets.ConnectionClosed) as closed:
            ws.recv(SECONDS)
        closes.append((closed.value.rcvd.code, closed.value.rcvd.reason))

    def handler(conn, ev, data):
        if ev == MG_EV_WS_OPEN:
            conn.ws_send(b"ping", WEBSOCKET_OP_PING)
        elif ev == MG_EV_WS_CTL:
            controls.append(1)
            if len(controls) == 1:
                conn.ws_send(CloseCode.GOING_AWAY.to_bytes(2, "big") + b"bye", CLOSE)

    with Peer(peer_handler) as peer:
        manager.ws_connect(f"ws://127.0.0.1:{peer.port}/", handler)
        poll_until(manager, lambda: closes)
        # The connection ends with the closing handshake.
        poll_until(manager, lambda: not any(conn.is_client for conn in manager.connections))
    assert closes == [(1001, "bye")]


def test_client_is_refused(manager):
    def refuse(ws, request):
        return ws.respond(403, "no")

    events = []
    with Peer(echo_peer, process_request=refuse) as peer:
        manager.ws_connect(f"ws://127.0.0.1:{peer.port}/", lambda conn, ev, data: events.append(ev))
        poll_until(manager, lambda: MG_EV_CLOSE in events)
    assert MG_EV_WS_OPEN not in events and MG_EV_WS_MSG not in events


def test_secure_client(manager, authority, identity, tmp_path):
    (tmp_path / "chain").write_bytes(identity[0])
    (tmp_path / "key").write_bytes(identity[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain", tmp_path / "key")
    opts = TlsOpts(ca=authority.cert_pem.bytes(), name="localhost")
    got = []

    def handler(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.tls_init(opts)
        elif ev == MG_EV_WS_OPEN:
            conn.ws_send("over TLS")
        elif ev == MG_EV_WS_MSG:
            got.append(data.text)
            conn.close()
        elif ev == MG_EV_ERROR:
            got.append(data)

    async def echo_to(ws):
        async for message in ws:
            await ws.send(message)

    async def serve():
        async with websockets.serve(echo_to, "127.0.0.1", 0, ssl=context) as server:
            manager.ws_connect(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/", handler)
            await asyncio.to_thread(poll_until, manager, lambda: got)

    asyncio.run(serve())
    assert got == ["over TLS"]
