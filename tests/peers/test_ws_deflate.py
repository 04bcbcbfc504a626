"""Compressed WebSocket messages: Python's websockets and aiohttp, Node's ws, and peers that break the rules."""

import asyncio
import json
import socket
import subprocess
import tempfile
import threading
import unittest
import zlib

import aiohttp
from aiohttp import web
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory
from websockets.sync.client import connect
from websockets.sync.server import serve

from example import EXAMPLES, Server, enter, program
from test_ws_peers import MESSAGES, NODE, NODE_ENVIRONMENT
from ws_tester import BINARY, CLOSE, CONTINUATION, PING, TAIL, TEXT, Deflate, Frame, Tester

# Each is what a program of ours may set.
OURS = [
    (),
    ("level=1", "send_window_bits=15", "min_size=1"),
    ("level=9", "send_window_bits=9", "recv_window_bits=9"),
    ("send_no_context=1",),
    ("recv_no_context=1", "min_size=500"),
    ("send_no_context=1", "recv_no_context=1", "level=6", "recv_window_bits=12"),
    ("memory=1",),
]
JSON = [json.dumps([{"id": i * 31 + k * 17 % 97, "name": "sensor", "value": (i + k) ** 2, "valid": k % 3 > 0} for k in range(15)]) for i in range(50)]


class Meter:
    """Passes connections on to a port and counts the bytes."""

    def __init__(self, port):
        self.target, self.sent, self.received = port, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self.pump, args=(client, server, "sent"), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, "received"), daemon=True).start()

    def pump(self, source, target, name):
        try:
            while data := source.recv(1 << 16):
                setattr(self, name, getattr(self, name) + len(data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def exchange(test, peer):
    """What both ends of Python's websockets do with somebody who echoes."""
    for message in MESSAGES:
        peer.send(message)
        test.assertEqual(peer.recv(20), message)
    peer.send(["one ", "two ", "three"])
    test.assertEqual(peer.recv(20), "one two three")
    test.assertTrue(peer.ping("are you there").wait(20))
    for i in range(1000):
        peer.send(str(i))
    test.assertEqual([peer.recv(20) for _ in range(1000)], [str(i) for i in range(1000)])


def echo_json(test, peer):
    for text in JSON:
        peer.send(text)
        test.assertEqual(peer.recv(20), text)


class EchoServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = program(cls, "ws_deflate")

    def serve(self, *options):
        return enter(self, Server(self.program, "listen", "http://127.0.0.1:0", *options))

    def test_websockets(self):
        theirs = [
            {},
            {"server_no_context_takeover": True},
            {"client_no_context_takeover": True, "client_max_window_bits": None},
            {"server_max_window_bits": 9, "client_max_window_bits": 9},
            {"server_no_context_takeover": True, "client_no_context_takeover": True, "server_max_window_bits": 10},
        ]
        for number, options in enumerate(OURS):
            server = self.serve(*options)
            for factory in theirs[number % 2::2]:
                with self.subTest(ours=options, theirs=factory):
                    extensions = [ClientPerMessageDeflateFactory(**factory)]
                    with connect(f"ws://127.0.0.1:{server.port}/", compression=None, extensions=extensions, max_size=None) as client:
                        self.assertEqual([e.name for e in client.protocol.extensions], ["permessage-deflate"])
                        client.send("agreed?")
                        self.assertEqual(client.recv(20), "yes")
                        exchange(self, client)
                        client.close(1000)

    def test_bytes_on_the_wire(self):
        server = self.serve()
        plain = sum(map(len, JSON))
        for compression, most in ("deflate", plain // 4), (None, 2 * plain):
            with Meter(server.port) as meter:
                with connect(f"ws://127.0.0.1:{meter.port}/", compression=compression) as client:
                    echo_json(self, client)
                self.assertLess(meter.received, most)
                if compression is None:
                    self.assertGreater(meter.received, plain)

    def test_without_the_option_nothing_is_agreed_on(self):
        server = self.serve("off=1")
        with connect(f"ws://127.0.0.1:{server.port}/") as client:
            self.assertEqual(client.protocol.extensions, [])
            client.send("agreed?")
            self.assertEqual(client.recv(20), "no")
            exchange(self, client)

    def test_aiohttp(self):
        server = self.serve()

        async def talk(bits):
            async with aiohttp.ClientSession() as session:
                async with session.ws_connect(f"http://127.0.0.1:{server.port}/", compress=bits) as client:
                    self.assertEqual(bool(client.compress), bits > 0)
                    for text in ["", "short", *JSON, "ü" * 50000]:
                        await client.send_str(text)
                        self.assertEqual(await client.receive_str(timeout=20), text)
                    await client.send_bytes(bytes(100000))
                    self.assertEqual(await client.receive_bytes(timeout=20), bytes(100000))

        for bits in 15, 9, 0:
            with self.subTest(bits=bits):
                asyncio.run(talk(bits))

    def test_node(self):
        options = [
            {},
            {"threshold": 0},
            {"threshold": 0, "serverNoContextTakeover": True, "clientNoContextTakeover": True},
            {"threshold": 100, "serverMaxWindowBits": 10, "clientMaxWindowBits": 9},
            {"threshold": 1, "zlibDeflateOptions": {"level": 9, "memLevel": 9}},
        ]
        for first, ours in enumerate((OURS[0], OURS[2], OURS[5])):
            server = self.serve(*ours)
            for theirs in options[first::2]:
                with self.subTest(ours=ours, theirs=theirs):
                    subprocess.run([*NODE, "client", str(server.port), json.dumps(theirs)], env=NODE_ENVIRONMENT, check=True, timeout=60)

    def test_memory_of_connections_without_context(self):
        server = self.serve("send_no_context=1", "recv_no_context=1")
        extensions = [ClientPerMessageDeflateFactory()]
        before = None
        clients = []
        for number in range(101):
            client = enter(self, connect(f"ws://127.0.0.1:{server.port}/", compression=None, extensions=extensions))
            client.send(JSON[0])
            self.assertEqual(client.recv(20), JSON[0])
            clients.append(client)
            if number == 0:
                before = server.resident_kilobytes()
        self.assertLess(server.resident_kilobytes() - before, 2000)


class EchoClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = program(cls, "ws_deflate")

    def connect(self, port, *options):
        client = subprocess.Popen([self.program, "connect", f"ws://127.0.0.1:{port}/", *options])

        def stop():
            client.terminate()
            self.assertEqual(client.wait(10), 0)

        return stop

    def test_websockets(self):
        for options, factory in [
            (OURS[0], {}),
            (OURS[1], {"client_max_window_bits": 10, "require_client_max_window_bits": True}),
            (OURS[2], {"server_max_window_bits": 9, "client_max_window_bits": 9}),
            (OURS[4], {"server_no_context_takeover": True, "client_no_context_takeover": True}),
            (OURS[6], {"server_max_window_bits": 12}),
        ]:
            with self.subTest(ours=options, theirs=factory):
                self.serve_once(options, factory)

    def serve_once(self, options, factory):
        outcome, meters, done = [], [], threading.Event()

        def handler(peer):
            if done.is_set():
                return
            try:
                outcome.extend(e.name for e in peer.protocol.extensions)
                exchange(self, peer)
                before = meters[0].sent
                echo_json(self, peer)
                outcome.append(meters[0].sent - before < sum(map(len, JSON)) / 2)
            except Exception as problem:
                outcome.append(problem)
            done.set()

        server = serve(handler, "127.0.0.1", 0, compression=None, extensions=[ServerPerMessageDeflateFactory(**factory)], max_size=None)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with Meter(server.socket.getsockname()[1]) as meter:
                meters.append(meter)
                stop = self.connect(meter.port, *options)
                try:
                    self.assertTrue(done.wait(60))
                finally:
                    stop()
            self.assertEqual(outcome, ["permessage-deflate", True])
        finally:
            server.shutdown()
            thread.join()

    def test_aiohttp(self):
        async def scenario():
            result = asyncio.get_running_loop().create_future()

            async def handler(request):
                peer = web.WebSocketResponse()
                await peer.prepare(request)
                if not result.done():
                    try:
                        for text in ["", "short", *JSON]:
                            await peer.send_str(text)
                            assert await peer.receive_str(timeout=20) == text
                        result.set_result(peer.compress)
                    except Exception as problem:
                        result.set_exception(problem)
                return peer

            app = web.Application()
            app.add_routes([web.get("/", handler)])
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            stop = self.connect(site._server.sockets[0].getsockname()[1])
            try:
                return await asyncio.wait_for(result, 60)
            finally:
                stop()
                await runner.cleanup()

        self.assertEqual(asyncio.run(scenario()), 15)

    def test_node(self):
        for ours, theirs in (OURS[0], {}), (OURS[1], {"threshold": 0, "serverNoContextTakeover": True}), \
                (OURS[5], {"threshold": 0, "clientMaxWindowBits": 9, "serverMaxWindowBits": 9}), (OURS[6], {"clientNoContextTakeover": True}):
            with self.subTest(ours=ours, theirs=theirs):
                server = subprocess.Popen([*NODE, "server", json.dumps(theirs)], env=NODE_ENVIRONMENT, stdout=subprocess.PIPE)
                with server.stdout:
                    port = int(server.stdout.readline().split()[1])
                    stop = self.connect(port, *ours)
                    try:
                        self.assertEqual(server.wait(60), 0)
                    finally:
                        stop()

    def test_answers(self):
        """Field of the server's answer; whether the client goes on."""
        cases = [
            ("", True),
            ("permessage-deflate", True),
            ("permessage-deflate; client_max_window_bits=8", True),
            ("permessage-deflate; server_max_window_bits=\"8\"", True),
            ("permessage-deflate; client_max_window_bits=13", False),
            ("permessage-deflate; client_max_window_bits", False),
            ("permessage-deflate; unknown=1", False),
            ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", False),
            ("permessage-deflate, permessage-deflate", False),
            ("x-webkit-deflate-frame", False),
            ("permessage-deflate;;", False),
        ]
        for field, good in cases:
            with self.subTest(field), socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryFile() as errors:
                listener.settimeout(20)
                client = subprocess.Popen([self.program, "connect", f"ws://127.0.0.1:{listener.getsockname()[1]}/"], stderr=errors)
                try:
                    fields = f"Sec-WebSocket-Extensions: {field}\r\n" if field else ""
                    tester = Tester.to_client(listener.accept()[0], fields.encode())
                    if good:
                        tester.send(Frame(TEXT, b"agreed?").encode(False))
                        self.assertEqual(tester.frame(), (TEXT, b"yes" if field else b"no"))
                    else:
                        tester.expect_end()
                        errors.seek(0)
                        self.assertIn(b"ws extension error", errors.read())
                    tester.close()
                finally:
                    client.terminate()
                    self.assertEqual(client.wait(10), 0)


class Negotiation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = enter(cls, Server(program(cls, "ws_deflate"), "listen", "http://127.0.0.1:0", "send_window_bits=15"))

    def answer(self, *fields):
        lines = "".join(f"Sec-WebSocket-Extensions: {field}\r\n" for field in fields)
        tester = Tester.to_server(self.server.port, lines.encode())
        tester.close()
        names = [line.split(": ", 1) for line in tester.answer.decode().split("\r\n")[1:]]
        return [value for name, value in names if name.lower() == "sec-websocket-extensions"]

    def test_offers(self):
        name = "permessage-deflate"
        for fields, wanted in [
            ([name], [name]),
            ([], []),
            (["x-webkit-deflate-frame"], []),
            (["x-webkit-deflate-frame", f"{name}; server_max_window_bits=11"], [f"{name}; server_max_window_bits=11"]),
            ([f"{name}; server_max_window_bits=10, {name}"], [f"{name}; server_max_window_bits=10"]),
            ([f"{name}; server_max_window_bits=7, {name}; server_no_context_takeover"], [f"{name}; server_no_context_takeover"]),
            ([f"{name}; hello, {name}; client_max_window_bits"], [name]),
            ([f"{name}; client_max_window_bits; client_max_window_bits"], []),
            ([f"{name}; server_max_window_bits=\"9\""], [f"{name}; server_max_window_bits=9"]),
            ([f"{name}; server_max_window_bits=8"], [f"{name}; server_max_window_bits=8"]),
            ([f"{name}; server_max_window_bits"], []),
            ([f"{name}; client_no_context_takeover; client_max_window_bits=9"],
             [f"{name}; client_no_context_takeover; client_max_window_bits=9"]),
            ([f"{name}; =1"], []),
        ]:
            with self.subTest(fields):
                self.assertEqual(self.answer(*fields), wanted)

    def test_memory_runs_out(self):
        context = (146 + 16 + 47) * 1024
        name = b"permessage-deflate; server_max_window_bits=12"
        without = b"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"
        server = enter(self, Server(program(self, "ws_deflate"), "listen", "http://127.0.0.1:0", f"memory={2 * context}"))

        def client():
            tester = Tester.to_server(server.port, b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
            field = next(line for line in tester.answer.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Extensions: "))
            return tester, field.split(b": ")[1]

        clients = [client() for _ in range(4)]
        self.assertEqual([answer for _, answer in clients], [name, name, without, without])
        descriptors = server.descriptors()
        clients.pop(0)[0].close()
        self.assertTrue(server.wait_for_descriptors(descriptors - 1))
        clients += [client(), client()]
        self.assertEqual([answer for _, answer in clients[-2:]], [name, without])
        for tester, answer in clients:
            deflate = Deflate(takeover=answer == name, peer_takeover=answer == name)
            for _ in range(3):
                tester.send(Frame(TEXT, deflate.compress(JSON[0].encode()), rsv=4).encode(True))
                self.assertEqual(deflate.inflate(tester.frame(rsv=4)[1]).decode(), JSON[0])
            tester.close()

    def test_a_window_of_8_bits(self):
        tester = Tester.to_server(self.server.port, b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8\r\n")
        text = b"again and " * 500
        tester.send(Frame(TEXT, Deflate().compress(text), rsv=4).encode(True))
        self.assertEqual(tester.frame(), (TEXT, text))
        tester.close()


class Example(unittest.TestCase):
    def test_both_ends(self):
        server = enter(self, Server(EXAMPLES / "websocket_deflate", "http://127.0.0.1:0"))
        with Meter(server.port) as meter:
            with connect(f"ws://127.0.0.1:{meter.port}/") as client:
                self.assertEqual(len(json.loads(client.recv(20))["sensors"]), 50)
                before = meter.received
                text = client.recv(20)
                self.assertLess(meter.received - before, len(text) / 4)
        client = subprocess.Popen([EXAMPLES / "websocket_deflate", f"ws://127.0.0.1:{server.port}/"], stdout=subprocess.PIPE, text=True)
        with client.stdout:
            client.stdout.readline()
            words = client.stdout.readline().split()
            client.terminate()
            self.assertEqual(client.wait(10), 0)
        self.assertLess(int(words[4]) * 4, int(words[0]))


class HostileClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = program(cls, "ws_deflate")
        cls.server = enter(cls, Server(cls.program, "listen", "http://127.0.0.1:0"))
        cls.small = enter(cls, Server(cls.program, "listen", "http://127.0.0.1:0", "message_size=10000"))

    def expect(self, frames, code, server=None, fields=b"Sec-WebSocket-Extensions: permessage-deflate\r\n"):
        """Frames that a server answers with a Close frame."""
        for chop in None, 1:
            data = b"".join(frame.encode(True) for frame in frames)
            if chop and len(data) > 5000:
                continue
            tester = Tester.to_server((server or self.server).port, fields)
            try:
                tester.send(data, chop)
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assertEqual(tester.frame(), (CLOSE, code.to_bytes(2, "big")))
            tester.expect_end()
            tester.close()

    def test_bombs(self):
        for level in 1, 9:
            for count in 3 << 20, 20 << 20:
                deflater = zlib.compressobj(level, wbits=-15)
                bomb = deflater.compress(bytes(count)) + deflater.flush(zlib.Z_SYNC_FLUSH)
                self.expect([Frame(BINARY, bomb[:-4], rsv=4)], 1009)
        before = self.server.resident_kilobytes()
        self.assertLess(before, 30_000)
        bomb = Deflate().compress(bytes(10001))
        self.expect([Frame(BINARY, bomb, rsv=4)], 1009, self.small)
        tester = Tester.to_server(self.small.port, b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
        tester.send(Frame(BINARY, Deflate().compress(bytes(10000)), rsv=4).encode(True))
        tester.frame(rsv=4)
        tester.close()

    def test_memory_after_large_messages(self):
        """Which took few bytes on the wire. The beginning of another message keeps the buffer in use."""
        text = bytes(3 << 20)[:-100]
        server = enter(self, Server(self.program, "listen", "http://127.0.0.1:0", "send_no_context=1", "recv_no_context=1"))
        testers, deflate = [], Deflate(peer_takeover=False)
        before = server.resident_kilobytes()
        for _ in range(50):
            tester = Tester.to_server(server.port, b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
            tester.send(Frame(BINARY, Deflate().compress(text), rsv=4).encode(True) + b"\x81")
            self.assertEqual(deflate.inflate(tester.frame(rsv=4)[1]), text)
            testers.append(tester)
        self.assertLess(server.resident_kilobytes() - before, 20_000)
        for tester in testers:
            tester.close()

    def test_what_does_not_inflate(self):
        good = Deflate().compress(b"Hello, world! " * 20)
        for bad in b"\xff\xff\xff", b"Hello", good[:-5], good[:3], b"\x00\x05\x00\xfa\xff\x48", b"\xf2\x00\x11\x00\x00", good + good[:5]:
            with self.subTest(bad):
                self.expect([Frame(TEXT, bad, rsv=4)], 1007)
                self.expect([Frame(TEXT, bad[:1], fin=False, rsv=4), Frame(CONTINUATION, bad[1:])], 1007)

    def test_text_is_checked_after_inflating(self):
        for bad in b"\xff", b"abc\xed\xa0\x80", "ü".encode()[:1]:
            self.expect([Frame(TEXT, Deflate().compress(bad), rsv=4)], 1007)

    def test_bits(self):
        data = Deflate().compress(b"Hello")
        self.expect([Frame(PING, data, rsv=4)], 1002)
        self.expect([Frame(CLOSE, b"\x03\xe8", rsv=4)], 1002)
        self.expect([Frame(TEXT, data[:2], fin=False, rsv=4), Frame(CONTINUATION, data[2:], rsv=4)], 1002)
        self.expect([Frame(BINARY, data[:2], fin=False), Frame(CONTINUATION, data[2:], rsv=4)], 1002)
        for rsv in 1, 2, 5, 6, 7:
            self.expect([Frame(TEXT, data, rsv=rsv)], 1002)
        self.expect([Frame(TEXT, data, rsv=4)], 1002, fields=b"")
        self.expect([Frame(TEXT, data, rsv=4)], 1002, fields=b"Sec-WebSocket-Extensions: permessage-deflate; mem=1\r\n")

    def test_last_blocks_and_empty_messages(self):
        tester = Tester.to_server(self.server.port, b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
        hello = b"\xf3\x48\xcd\xc9\xc9\x07\x00"
        for payload, text in [(hello + b"\x00", b"Hello"), (hello, b"Hello"), (hello * 3 + b"\x00", b"Hello" * 3), (b"\x00", b""), (b"", b""),
                              (b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", b"Hello")]:
            tester.send(Frame(TEXT, payload, rsv=4).encode(True))
            self.assertEqual(tester.frame(), (TEXT, text))
            tester.send(Frame(TEXT, text).encode(True))
            self.assertEqual(tester.frame(), (TEXT, text))
        tester.close()

    def test_one_octet_at_a_time(self):
        tester = Tester.to_server(self.server.port, b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n")
        deflate = Deflate(peer_takeover=False)
        text = "Grüße an alle, und noch einmal Grüße an alle, und noch viel mehr Grüße an alle 👋".encode()
        for _ in range(3):
            data = deflate.compress(text)
            frames = [Frame(CONTINUATION if i else TEXT, data[i:i + 1], fin=i == len(data) - 1, rsv=0 if i else 4) for i in range(len(data))]
            tester.send(b"".join(frame.encode(True) for frame in frames), 3)
            opcode, back = tester.frame(rsv=4)
            self.assertEqual((opcode, deflate.inflate(back)), (TEXT, text))
        tester.close()


if __name__ == "__main__":
    unittest.main()
