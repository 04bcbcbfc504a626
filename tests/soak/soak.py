#!/usr/bin/env python3
"""Mixed load from real clients on one manager, for a long time: every answer is checked, memory and descriptors are watched.

Clients of HTTP, HTTPS, WebSocket, MQTT, TCP and UDP (aiohttp, websockets, paho-mqtt, curl, mosquitto_pub, plain sockets)
come and go, some in bad manners. Passes when

- no answer was wrong, late by more than 30 s, or missing,
- behind the warm-up (a third of the time, two minutes at most) resident memory neither grows by more than 2 MB or 3 % over
  the whole phase, by a straight line through the samples, nor is ever more than 10 % and 2 MB above their median,
- in the end the server has the connections and descriptors it had in the beginning, and no more than 2 MB of heap in use
  than then, which is for sessions of TLS clients that may come back.
"""

import argparse
import asyncio
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))

import aiohttp
import paho.mqtt.client as paho
import websockets

from example import ROOT, Server, content
from tls_certs import Certificate

PATIENCE = 30
FILES = {"small.txt": content(1000), "page.html": content(30_000, 3), "big.bin": content(2_000_000, 5)}
DATA = content(400_000)


class Wrong(Exception):
    pass


def expect(actual, expected, what):
    if actual != expected:
        raise Wrong(f"{what}: {str(actual)[:100]!r} in place of {str(expected)[:100]!r}")


class SoakServer(Server):
    def _read_port(self):
        line = self.process.stdout.readline().decode()
        self.ports = dict(zip(("http", "https", "mqtt", "tcp", "udp"), map(int, re.findall(r"\d+", line)), strict=True))
        return self.ports["http"]

    def statistics(self):
        """What the server says of itself, its connection for the question included."""
        return json.loads(self.get("/stats")[1])

    def wait_for_connections(self, wanted, seconds=10):
        deadline = time.monotonic() + seconds
        while self.statistics()["connections"] > wanted and time.monotonic() < deadline:
            time.sleep(0.1)


class Soak:
    def __init__(self, server, folder, authority):
        self.server, self.folder = server, folder
        self.done, self.wrong, self.messages = collections.Counter(), collections.Counter(), []
        self.tls = ssl.create_default_context(cafile=authority)
        self.authority = authority
        self.stopped = False
        self.random = random.Random(1)

    def url(self, scheme, path):
        return f"{scheme}://localhost:{self.server.ports['https' if scheme in ('https', 'wss') else 'http']}{path}"

    async def repeat(self, kind, pause, operation):
        """Runs an operation again and again. `pause` in seconds is the mean of what lies between two of them."""
        while not self.stopped:
            try:
                async with asyncio.timeout(PATIENCE):
                    await operation()
                self.done[kind] += 1
            except Exception as error:
                self.failed(kind, error)
            await asyncio.sleep(self.random.uniform(0, 2 * pause))

    def failed(self, kind, error):
        self.wrong[kind] += 1
        if len(self.messages) < 20:
            self.messages.append(f"{kind}: {type(error).__name__} {error}")

    # HTTP and HTTPS on kept connections

    async def request(self, session, method, url, status, body, **options):
        async with session.request(method, url, **options) as response:
            expect(response.status, status, url)
            expect(await response.read(), body, url)
            return response

    async def get(self, session, scheme):
        choice = self.random.randrange(6)
        if choice < 3:
            name = self.random.choice(["small.txt"] * 6 + ["page.html"] * 4 + ["big.bin"])
            await self.request(session, "GET", self.url(scheme, "/files/" + name), 200, FILES[name])
        elif choice == 3:
            first = self.random.randrange(20_000)
            response = await self.request(session, "GET", self.url(scheme, "/files/page.html"), 206, FILES["page.html"][first:first + 1001],
                                          headers={"Range": f"bytes={first}-{first + 1000}"})
            expect(response.headers["Content-Range"], f"bytes {first}-{first + 1000}/30000", "range")
        elif choice == 4:
            tag = hashlib.md5(str(self.random.random()).encode()).hexdigest()
            await self.request(session, "GET", self.url(scheme, "/" + tag), 404, b"/" + tag.encode())
        else:
            await self.request(session, "HEAD", self.url(scheme, "/files/big.bin"), 200, b"")

    async def not_modified(self, session, scheme):
        async with session.get(self.url(scheme, "/files/small.txt")) as response:
            tag = response.headers["Etag"]
            await response.read()
        await self.request(session, "GET", self.url(scheme, "/files/small.txt"), 304, b"", headers={"If-None-Match": tag})

    async def post(self, session, scheme):
        start, size = self.random.randrange(1000), self.random.choice((0, 1, 10, 500, 3000, 70_000))
        await self.request(session, "POST", self.url(scheme, "/echo"), 200, DATA[start:start + size], data=DATA[start:start + size])

    async def post_chunked(self, session, scheme):
        count, size = self.random.randrange(1, 6), self.random.randrange(1, 5000)

        async def pieces():
            for i in range(count):
                yield DATA[i * size:(i + 1) * size]
        await self.request(session, "POST", self.url(scheme, "/echo"), 200, DATA[:count * size], data=pieces())

    async def chunked(self, session, scheme):
        count, size = self.random.randrange(1, 20), self.random.randrange(1, 4096)
        await self.request(session, "GET", self.url(scheme, f"/chunks/{count}/{size}"), 200, DATA[:count * size] + b"|")

    async def stream(self, session, scheme):
        size = self.random.randrange(1, len(DATA))
        await self.request(session, "GET", self.url(scheme, f"/stream/{size}"), 200, DATA[:size])

    async def work(self, session, scheme):
        n = self.random.randrange(5000)
        await self.request(session, "GET", self.url(scheme, f"/sum/{n}"), 200, str(n * (n + 1) // 2).encode())

    async def upload(self, session, scheme):
        name, size = f"up-{scheme}.bin", self.random.randrange(1, 100_000)
        await self.request(session, "PUT", self.url(scheme, "/up/" + name), 201, b"stored", data=DATA[:size])
        await self.request(session, "GET", self.url(scheme, "/files/" + name), 200, DATA[:size])

    async def single(self, scheme):
        """A connection of its own for one request, which the server closes."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.tls, force_close=True)) as session:
            await self.request(session, "GET", self.url(scheme, "/files/small.txt"), 200, FILES["small.txt"])

    # Plain sockets

    async def pipeline(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.ports["http"])
        try:
            bodies = [DATA[:self.random.randrange(2000)] for _ in range(8)]
            writer.write(b"".join(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(b), b) for b in bodies))
            for body in bodies:
                head = await reader.readuntil(b"\r\n\r\n")
                expect(head, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), "head")
                expect(await reader.readexactly(len(body)) if body else b"", body, "body")
        finally:
            writer.close()

    async def drops(self):
        """Byte by byte."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.ports["http"])
        try:
            for byte in b"GET /files/small.txt HTTP/1.1\r\nHost: x\r\n\r\n":
                writer.write(bytes([byte]))
                await asyncio.sleep(0.002)
            await reader.readuntil(b"\r\n\r\n")
            expect(await reader.readexactly(1000), FILES["small.txt"], "body")
        finally:
            writer.close()

    async def refused(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.ports["http"])
        try:
            writer.write(b"POST /echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            expect(await reader.read(), b"", "answer to two lengths")
        except ConnectionResetError:
            pass
        finally:
            writer.close()

    async def tcp(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.ports["tcp"])
        try:
            data = DATA[:self.random.randrange(1, 20_000)]
            writer.write(data)
            expect(await reader.readexactly(len(data)), data, "echo")
        finally:
            writer.close()

    async def udp(self):
        data = DATA[:self.random.randrange(1, 1400)]
        with socket.socket(type=socket.SOCK_DGRAM) as peer:
            peer.setblocking(False)
            peer.connect(("127.0.0.1", self.server.ports["udp"]))
            peer.send(data)
            expect(await asyncio.get_running_loop().sock_recv(peer, 2000), data, "datagram")

    async def vanish(self):
        """Peers that are gone in the middle of something, by a reset or not."""
        half = [("http", b"GET /files/big.bin HTTP/1.1\r\n\r\n"), ("http", b"GET /stream/300000 HTTP/1.1\r\n\r\n"),
                ("http", b"GET /sum/4000 HTTP/1.1\r\n\r\n"), ("http", b"POST /echo HTTP/1.1\r\nContent-Length: 90000\r\n\r\nabc"),
                ("http", b"PUT /up/lost HTTP/1.1\r\nContent-Length: 90000\r\n\r\nabc"), ("http", b"GET / HT"), ("http", b""),
                ("http", b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nabc"),
                ("http", b"GET /ws HTTP/1.1\r\nSec-WebSocket-Key: x\r\n\r\n\x81\xfe\x10"), ("https", b""), ("https", b"\x16\x03\x01\x02\x00\x01\x00"),
                ("https", b"GET / HTTP/1.1\r\n\r\n"), ("mqtt", b"\x10\x10\0\4MQTT\4\2\0\0\0\4soak"), ("mqtt", b"\x10"), ("tcp", DATA[:100_000])]
        kind, sent = self.random.choice(half)
        with socket.socket() as peer:
            peer.setblocking(False)
            await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", self.server.ports[kind]))
            if sent:
                peer.send(sent)
            await asyncio.sleep(self.random.choice((0, 0.005, 0.05)))
            if self.random.randrange(2):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def command(self, *arguments):
        process = await asyncio.create_subprocess_exec(*map(str, arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        out, _ = await process.communicate()
        expect(process.returncode, 0, arguments[0])
        return out

    async def curl(self):
        scheme = self.random.choice(("http", "https"))
        urls = [self.url(scheme, "/files/" + name) for name in ("small.txt", "page.html")]
        expect(await self.command("curl", "-s", "--cacert", self.authority, *urls), FILES["small.txt"] + FILES["page.html"], "curl")

    # WebSocket

    async def aiohttp_messages(self, scheme):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.tls)) as session:
            async with session.ws_connect(self.url(scheme, "/ws")) as peer:
                for _ in range(10):
                    data = DATA[:self.random.choice((0, 1, 125, 126, 5000, 70_000))]
                    await peer.send_bytes(data)
                    expect(await peer.receive_bytes(), data, "message")
                await peer.send_str("grüße")
                expect(await peer.receive_str(), "grüße", "text")

    async def websockets_messages(self, scheme):
        options = {"ssl": self.tls} if scheme == "wss" else {}
        async with websockets.connect(self.url(scheme, "/ws"), compression=None, proxy=None, **options) as peer:
            for _ in range(5):
                data = DATA[:self.random.randrange(3000)]
                await peer.send([data[:100], data[100:1000], data[1000:]])
                await (await peer.ping())
                expect(await peer.recv(), data, "message in fragments")

    async def ticks(self):
        """A timer of the server sends to all."""
        async with aiohttp.ClientSession() as session, session.ws_connect(self.url("http", "/ws")) as peer:
            await peer.send_str("ticks")
            first = int((await peer.receive_str()).removeprefix("tick "))
            for i in range(1, 20):
                expect(await peer.receive_str(), f"tick {first + i}", "message of the timer")

    # MQTT

    async def mosquitto(self):
        await self.command("mosquitto_pub", "-h", "127.0.0.1", "-p", self.server.ports["mqtt"], "-q", 1, "-t", "from/mosquitto", "-m", "x")

    def mqtt(self, number):
        """A thread with a client that publishes to itself and connects again from time to time."""
        kind = "mqtt 5" if number % 2 else "mqtt 3.1.1"
        chance = random.Random(number)
        while not self.stopped:
            try:
                self.mqtt_session(kind, number, chance)
            except Exception as error:
                self.failed(kind, error)

    def mqtt_session(self, kind, number, chance):
        received, arrived = collections.deque(), threading.Semaphore(0)
        ready = threading.Event()
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, f"soak-{number}", protocol=paho.MQTTv5 if number % 2 else paho.MQTTv311,
                             reconnect_on_failure=False)
        client.on_message = lambda client, _, message: (received.append((message.topic, message.payload)), arrived.release())
        client.on_connect = lambda client, *_: client.subscribe(f"soak/{number}/#", 2)
        client.on_subscribe = lambda *_: ready.set()
        client.connect("127.0.0.1", self.server.ports["mqtt"])
        client.loop_start()
        try:
            if not ready.wait(PATIENCE):
                raise Wrong("no subscription")
            for i in range(chance.randrange(20, 100)):
                if self.stopped:
                    break
                qos, data = i % 3, DATA[i:i + chance.choice((0, 1, 100, 2000, 50_000))]
                client.publish(f"soak/{number}/{i}", data, qos)
                if not arrived.acquire(timeout=PATIENCE):
                    raise Wrong(f"message of QoS {qos} is missing")
                expect(received.popleft(), (f"soak/{number}/{i}", data), "message")
                self.done[kind] += 1
                time.sleep(0.02)
            expect(len(received), 0, "messages that are too many")
            client.disconnect()
        finally:
            client.loop_stop()

    async def run(self, seconds):
        sessions = {scheme: aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.tls, limit=100)) for scheme in ("http", "https")}
        jobs = []

        def add(kind, count, pause, operation, *arguments):
            self.done[kind] = 0
            jobs.extend(self.repeat(kind, pause, lambda: operation(*arguments)) for _ in range(count))

        for scheme, session in sessions.items():
            share = 2 if scheme == "http" else 1
            add(f"{scheme} GET", 4 * share, 0.1, self.get, session, scheme)
            add(f"{scheme} GET, not modified", share, 0.3, self.not_modified, session, scheme)
            add(f"{scheme} POST", 3 * share, 0.1, self.post, session, scheme)
            add(f"{scheme} POST, chunked", share, 0.1, self.post_chunked, session, scheme)
            add(f"{scheme} chunked response", share, 0.2, self.chunked, session, scheme)
            add(f"{scheme} streamed response", share, 0.3, self.stream, session, scheme)
            add(f"{scheme} answer of a thread", 2 * share, 0.1, self.work, session, scheme)
            add(f"{scheme} upload", 1, 0.2, self.upload, session, scheme)
            add(f"{scheme} GET, own connection", 1, 0.2, self.single, scheme)
        add("http pipeline of 8", 2, 0.1, self.pipeline)
        add("http byte by byte", 2, 0.1, self.drops)
        add("http refused", 1, 0.2, self.refused)
        add("tcp echo", 2, 0.1, self.tcp)
        add("udp echo", 2, 0.05, self.udp)
        add("vanishing peers", 4, 0.05, self.vanish)
        add("curl", 1, 2, self.curl)
        add("mosquitto_pub", 1, 3, self.mosquitto)
        add("ws aiohttp, 11 messages", 2, 0.1, self.aiohttp_messages, "http")
        add("wss aiohttp, 11 messages", 1, 0.1, self.aiohttp_messages, "https")
        add("ws websockets, 5 messages", 1, 0.2, self.websockets_messages, "ws")
        add("wss websockets, 5 messages", 1, 0.2, self.websockets_messages, "wss")
        add("ws, 20 messages of a timer", 2, 0.1, self.ticks)
        self.done["mqtt 3.1.1"] = self.done["mqtt 5"] = 0
        threads = [threading.Thread(target=self.mqtt, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        samples, started = [], time.monotonic()

        async def watch():
            while (now := time.monotonic() - started) < seconds:
                samples.append((now, self.server.resident_kilobytes()))
                await asyncio.sleep(min(1, seconds / 30))
            self.stopped = True

        try:
            await asyncio.gather(watch(), *jobs)
        finally:
            self.stopped = True
            for session in sessions.values():
                await session.close()
            for thread in threads:
                await asyncio.to_thread(thread.join)
        return samples


def memory(samples, seconds):
    """What is wrong with the curve of resident memory, or None; prints it."""
    print("resident memory in kB:", *(f"{samples[i * (len(samples) - 1) // 20][1]}" for i in range(21)))
    steady = [sample for sample in samples if sample[0] >= min(120, seconds / 3)]
    slope, _ = statistics.linear_regression(*zip(*steady))
    growth, median, most = slope * (steady[-1][0] - steady[0][0]), statistics.median(kb for _, kb in steady), max(kb for _, kb in steady)
    print(f"behind the warm-up: median {median:.0f} kB, most {most} kB, growth over {steady[-1][0] - steady[0][0]:.0f} s {growth:+.0f} kB")
    if growth > max(2048, 0.03 * median):
        return "resident memory grows"
    if most > 1.1 * median + 2048:
        return "resident memory has a peak"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--lib", type=pathlib.Path, default=ROOT / "target" / "release", help="folder of libmongoose.so")
    options = parser.parse_args()
    library = options.lib.resolve()
    with tempfile.TemporaryDirectory(prefix="mg-soak-") as name:
        folder = pathlib.Path(name)
        (folder / "www").mkdir()
        for file, data in FILES.items():
            (folder / "www" / file).write_bytes(data)
        authority = Certificate("Soak CA", authority=True)
        (folder / "ca.pem").write_bytes(authority.pem)
        cert, key = Certificate("server", authority, names=["localhost"]).write(folder, "server")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-g", HERE / "server.c", f"-I{ROOT / 'include'}", "-o", folder / "server",
                        f"-L{library}", "-lmongoose", f"-Wl,-rpath,{library}", "-pthread"], check=True)
        with SoakServer(folder / "server", folder / "www", cert, key) as server:
            descriptors, before = server.descriptors(), server.statistics()
            soak = Soak(server, folder, folder / "ca.pem")
            samples = asyncio.run(soak.run(options.seconds))
            complaints = [f"{sum(soak.wrong.values())} wrong answers"] if soak.wrong else []
            if not server.wait_for_descriptors(descriptors, 15):
                complaints.append("descriptors are left open")
            server.wait_for_connections(before["connections"])
            after = server.statistics()
            if after["connections"] != before["connections"]:
                complaints.append("connections are left over")
            counted = ("open", "buffered", "buffers")
            if any(after[name] != before[name] for name in counted):
                complaints.append(f"counters: {[(name, before[name], after[name]) for name in counted]}")
            if after["ticks"] <= before["ticks"] or after["once"] < after["ticks"] - 2:
                complaints.append(f"timers: {after}")
            if after["heap"] > before["heap"] + 2048:
                complaints.append("heap is left in use")
            for kind, count in soak.done.items():
                print(f"{kind + ':':40}{count:9}")
            print(f"{'all operations:':40}{sum(soak.done.values()):9}, wrong: {sum(soak.wrong.values())}")
            print(f"heap in use: {before['heap']} kB before, {after['heap']} kB after all clients have left")
            print(f"connections: {before['connections']} before, {after['connections']} after; "
                  f"descriptors: {descriptors} before, {server.descriptors()} after; timers: {after['ticks']} and {after['once']} calls")
            complaints += filter(None, [memory(samples, options.seconds)])
        missing = [kind for kind, count in soak.done.items() if count == 0]
        complaints += [f"nothing done: {', '.join(missing)}"] if missing else []
    for message in soak.messages + complaints:
        print("FAIL", message)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
