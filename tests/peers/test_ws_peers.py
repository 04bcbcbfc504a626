"""WebSocket servers and clients of other people: Python's websockets and websocket-client, and Node's ws.

With TLS only the asyncio half of websockets serves: the other one reads and writes one SSL object in two threads,
and now and then OpenSSL loses what was written.
"""

import asyncio
import json
import os
import pathlib
import queue
import ssl
import subprocess
import tempfile
import threading
import unittest

import trustme
import websocket
import websockets.asyncio.client as asyncio_client
import websockets.asyncio.server as asyncio_server
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect

from example import EXAMPLES, ROOT, Server, content, enter, program

NODE = ["node", ROOT / "tests" / "peers" / "ws_node.js"]
NODE_ENVIRONMENT = {**os.environ, "NODE_PATH": str(ROOT / "target" / "node" / "node_modules")}
MESSAGES = ["", "hello", "Grüße 👋", "x" * 70000, b"", b"\x00\xff\xfe", content(1_000_000)]


async def exchange(test, peer):
    """What both ends of Python's websockets do with somebody who echoes."""

    async def receive():
        return await asyncio.wait_for(peer.recv(), 20)

    for message in MESSAGES:
        await peer.send(message)
        test.assertEqual(await receive(), message)
    await peer.send(["one ", "two ", "three"])
    test.assertEqual(await receive(), "one two three")
    await asyncio.wait_for(await peer.ping("are you there"), 20)
    for i in range(1000):
        await peer.send(str(i))
    test.assertEqual([await receive() for _ in range(1000)], [str(i) for i in range(1000)])


class Certificates:
    def __init__(self, owner):
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        folder = pathlib.Path(enter(owner, tempfile.TemporaryDirectory(prefix="mg-peer-")))
        self.ca, self.cert, self.key = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
        authority.cert_pem.write_to_path(self.ca)
        certificate.cert_chain_pems[0].write_to_path(self.cert)
        certificate.private_key_pem.write_to_path(self.key)
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(self.server)
        self.client = ssl.create_default_context(cafile=self.ca)


class EchoServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = program(cls, "ws_echo")
        cls.server = enter(cls, Server(cls.program, "listen", "http://127.0.0.1:0"))
        cls.url = f"ws://127.0.0.1:{cls.server.port}/"

    def test_websockets(self):
        async def talk():
            async with asyncio_client.connect(self.url, max_size=None) as client:
                await exchange(self, client)
                await client.close(4001, "enough")
                with self.assertRaises(ConnectionClosedError) as closed:
                    await client.recv()
                self.assertEqual((closed.exception.rcvd.code, closed.exception.rcvd.reason), (4001, "enough"))

        asyncio.run(talk())

    def test_websockets_over_tls(self):
        certificates = Certificates(self)
        server = enter(self, Server(self.program, "listen", "wss://127.0.0.1:0", certificates.cert, certificates.key))

        async def talk():
            async with asyncio_client.connect(f"wss://localhost:{server.port}/", ssl=certificates.client, max_size=None) as client:
                await exchange(self, client)

        asyncio.run(talk())

    def test_the_first_of_two_subprotocols(self):
        with connect(self.url, subprotocols=["a", "b"]) as client:
            self.assertEqual(client.subprotocol, "a")

    def test_broken_text_is_refused(self):
        with connect(self.url) as client:
            client.send(b"\xff", text=True)
            with self.assertRaises(ConnectionClosedError) as closed:
                client.recv(20)
            self.assertEqual(closed.exception.rcvd.code, 1007)

    def test_websocket_client(self):
        client = websocket.create_connection(self.url, timeout=20)
        client.send("hello")
        self.assertEqual(client.recv(), "hello")
        client.send_binary(b"\x00\xff")
        self.assertEqual(client.recv(), b"\x00\xff")
        client.ping("p")
        self.assertEqual(client.recv_data(control_frame=True), (websocket.ABNF.OPCODE_PONG, b"p"))
        client.send_close(1001, b"leaving")
        opcode, payload = client.recv_data(control_frame=True)
        self.assertEqual((opcode, payload), (websocket.ABNF.OPCODE_CLOSE, b"\x03\xe9leaving"))
        client.shutdown()

    def test_node(self):
        subprocess.run([*NODE, "client", str(self.server.port)], env=NODE_ENVIRONMENT, check=True, timeout=60)

    def test_many_clients(self):
        clients = [enter(self, connect(self.url)) for _ in range(100)]
        for round_ in range(10):
            for number, client in enumerate(clients):
                client.send(f"{round_} {number}")
            for number, client in enumerate(clients):
                self.assertEqual(client.recv(20), f"{round_} {number}")


class EchoClient(unittest.TestCase):
    def serve(self, context=None):
        """Serves our client with Python's websockets; what the first connection leads to."""
        result, failure, ports, done = [], [], queue.Queue(), threading.Event()

        async def handler(peer):
            if done.is_set():
                return
            try:
                await exchange(self, peer)
                await peer.close(4002, "enough")
                result.append((peer.subprotocol, peer.protocol.close_rcvd.code))
            except Exception as problem:
                failure.append(problem)
            done.set()

        async def run():
            stop = asyncio.Event()
            options = {"ssl": context, "subprotocols": ["echo"], "max_size": None}
            async with asyncio_server.serve(handler, "127.0.0.1", 0, **options) as server:
                ports.put((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), stop))
                await stop.wait()

        thread = threading.Thread(target=asyncio.run, args=(run(),))
        thread.start()
        port, loop, stop = ports.get(timeout=20)
        self.addCleanup(thread.join)
        self.addCleanup(loop.call_soon_threadsafe, stop.set)
        return port, done, result, failure

    def run_client(self, url, *arguments):
        client = subprocess.Popen([program(self, "ws_echo"), "connect", url, *map(str, arguments)])

        def stop():
            client.terminate()
            self.assertEqual(client.wait(10), 0)

        self.addCleanup(stop)

    def check(self, done, result, failure):
        self.assertTrue(done.wait(60))
        for problem in failure:
            raise problem
        self.assertEqual(result, [("echo", 4002)])

    def test_websockets(self):
        port, *outcome = self.serve()
        self.run_client(f"ws://127.0.0.1:{port}/")
        self.check(*outcome)

    def test_websockets_over_tls(self):
        certificates = Certificates(self)
        port, *outcome = self.serve(certificates.server)
        self.run_client(f"wss://127.0.0.1:{port}/", certificates.ca)
        self.check(*outcome)

    def test_node(self):
        server = subprocess.Popen([*NODE, "server"], env=NODE_ENVIRONMENT, stdout=subprocess.PIPE)
        with server.stdout:
            port = int(server.stdout.readline().split()[1])
            self.run_client(f"ws://127.0.0.1:{port}/")
            self.assertEqual(server.wait(60), 0)


class Chat(unittest.TestCase):
    def setUp(self):
        self.page = ROOT / "c_examples" / "websocket_chat.html"
        self.server = enter(self, Server(EXAMPLES / "websocket_chat", "http://127.0.0.1:0", self.page))
        self.url = f"ws://127.0.0.1:{self.server.port}/chat"

    def receive(self, client):
        return json.loads(client.recv(20))

    def test_page(self):
        self.assertEqual(self.server.get("/"), (200, self.page.read_bytes()))
        self.assertEqual(self.server.get("/other")[0], 404)
        self.assertEqual(self.server.get("/chat")[0], 426)

    def test_what_one_says_all_hear(self):
        with connect(self.url) as ann:
            self.assertEqual(self.receive(ann), {"guests": 1})
            with connect(self.url) as bob:
                self.assertEqual([self.receive(ann), self.receive(bob)], [{"guests": 2}] * 2)
                text = 'Grüße "from" \\ <b>Ann</b> 👋\n'
                ann.send(text)
                own, other = self.receive(ann), self.receive(bob)
                self.assertEqual((own["text"], own["own"]), (text, 1))
                self.assertEqual((other["text"], other["own"], other["from"]), (text, 0, own["from"]))
                bob.send("hello")
                self.assertEqual(self.receive(ann)["text"], "hello")
            self.assertEqual(self.receive(ann), {"guests": 1})
            ann.send("x" * 5000)
            ann.send("still there")
            self.assertEqual(self.receive(ann)["text"], "still there")
            ann.close()
            with self.assertRaises(ConnectionClosedOK):
                ann.recv(20)

    def test_who_does_not_read_is_let_go(self):
        before = self.server.descriptors()
        deaf = websocket.create_connection(self.url, timeout=20)
        with connect(self.url) as ann:
            for _ in range(3000):
                ann.send("x" * 4000)
                while json.loads(ann.recv(20)).get("text") is None:
                    pass
            # Only one of the two is left.
            self.assertTrue(self.server.wait_for_descriptors(before + 1))
            self.assertLess(self.server.resident_kilobytes(), 50_000)
        deaf.shutdown()


if __name__ == "__main__":
    unittest.main()
