"""docs/guide/network.md, docs/api/connection.md (properties, buffers, DNS, SNTP)"""

import datetime
import os
import pathlib
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from conftest import SECONDS, Loop, poll_until, port_of, wait_for
from cymongoose import (
    MG_EV_ACCEPT,
    MG_EV_CLOSE,
    MG_EV_CONNECT,
    MG_EV_ERROR,
    MG_EV_OPEN,
    MG_EV_READ,
    MG_EV_RESOLVE,
    MG_EV_SNTP_TIME,
    MG_EV_WRITE,
    Manager,
)
from dnslib import QTYPE, RCODE, RR
from dnslib.server import BaseResolver, DNSServer

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "cymongoose"
own_network = pytest.mark.skipif("PRIVATE_NETWORK" not in os.environ, reason="needs tests/cymongoose/private_network.py")


def echo(conn, ev, data):
    """The page's servers. recv_data() does not consume."""
    if ev == MG_EV_READ:
        conn.send(conn.recv_data())


# TCP


def test_tcp_server():
    peers = []

    def handler(conn, ev, data):
        if ev == MG_EV_ACCEPT:
            peers.append(conn.remote_addr)
        echo(conn, ev, data)

    loop = Loop(handler)
    port = port_of(loop.manager.listen("tcp://127.0.0.1:0"))
    with loop, socket.create_connection(("127.0.0.1", port), SECONDS) as s:
        s.sendall(b"Hello, Server!")
        assert s.recv(100) == b"Hello, Server!"
        assert peers == [("127.0.0.1", s.getsockname()[1], False)]


def test_tcp_client(manager):
    got = []

    def handler(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.send("Hello, ")
            conn.send(b"Server!")
        elif ev == MG_EV_READ:
            got.append(conn.recv_data())
            conn.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        manager.connect(f"tcp://127.0.0.1:{listener.getsockname()[1]}", handler)
        listener.settimeout(SECONDS)
        peer = listener.accept()[0]
        with peer:
            peer.settimeout(0.001)
            request = b""

            def read():
                nonlocal request
                try:
                    request += peer.recv(100)
                except TimeoutError:
                    pass
                return len(request) == 14

            poll_until(manager, read)
            assert request == b"Hello, Server!"
            peer.sendall(b"hello yourself")
            poll_until(manager, lambda: b"".join(got[-1:]) == b"hello yourself")


def test_tcp_both_ends_in_one_manager(manager):
    """localhost is a name; it is resolved."""
    got = []

    def client(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.send(b"x" * 10_000)
        elif ev == MG_EV_READ and conn.recv_len == 3:
            got.append(conn.recv_data())
            conn.close()

    def server(conn, ev, data):
        if ev == MG_EV_READ and conn.recv_len == 10_000:
            conn.send(b"all")

    port = port_of(manager.listen("tcp://127.0.0.1:0", server))
    manager.connect(f"tcp://localhost:{port}", client)
    assert poll_until(manager, lambda: got) == [b"all"]


@pytest.mark.parametrize("size", [1 << 10, 1 << 20, 32 << 20])
def test_tcp_sends_all(size):
    payload = bytes(i * 7 % 251 for i in range(1 << 10)) * (size >> 10)

    def handler(conn, ev, data):
        if ev == MG_EV_ACCEPT:
            conn.send(payload)
            conn.drain()

    loop = Loop(handler)
    port = port_of(loop.manager.listen("tcp://127.0.0.1:0"))
    with loop, socket.create_connection(("127.0.0.1", port), SECONDS) as s:
        received = b"".join(iter(lambda: s.recv(1 << 20), b""))
    assert received == payload


def test_buffers_can_be_looked_at():
    seen = {}

    def handler(conn, ev, data):
        if ev == MG_EV_READ:
            seen["peek"], seen["all"], seen["length"] = conn.recv_data(3), conn.recv_data(), conn.recv_len
            seen["readable"] = conn.is_readable
            seen["size"] = conn.recv_size >= conn.recv_len
            conn.send(b"answer")
            seen["pending"], seen["pending length"] = conn.send_data(), conn.send_len
            seen["pending peek"], seen["send size"] = conn.send_data(2), conn.send_size >= 6
        elif ev == MG_EV_WRITE:
            seen["left"] = conn.send_len

    loop = Loop(handler)
    port = port_of(loop.manager.listen("tcp://127.0.0.1:0"))
    with loop, socket.create_connection(("127.0.0.1", port), SECONDS) as s:
        s.sendall(b"request")
        assert s.recv(100) == b"answer"
        wait_for(lambda: "left" in seen)
    assert seen.pop("readable") is not None
    assert seen == {
        "peek": b"req",
        "all": b"request",
        "length": 7,
        "size": True,
        "pending": b"answer",
        "pending length": 6,
        "pending peek": b"an",
        "send size": True,
        "left": 0,
    }


def test_state_flags():
    seen = {}

    def server(conn, ev, data):
        if ev == MG_EV_ACCEPT:
            seen["accepted"] = (conn.is_listening, conn.is_client, conn.is_udp, conn.is_tls, conn.is_websocket, conn.is_draining)
            conn.send(b"bye")
            conn.drain()
            seen["draining"] = conn.is_draining
        elif ev == MG_EV_CLOSE and "draining" in seen and not conn.is_listening:
            seen["closed"] = conn.is_closing

    loop = Loop()
    listener = loop.manager.listen("tcp://127.0.0.1:0", server)
    assert (listener.is_listening, listener.is_client, listener.is_udp, listener.id > 0) == (True, False, False, True)
    client = loop.manager.connect(f"tcp://127.0.0.1:{port_of(listener)}", lambda *_: None)
    assert (client.is_listening, client.is_client, client.handler is not None) == (False, True, True)
    with loop:
        wait_for(lambda: "closed" in seen)
    assert seen == {"accepted": (False, False, False, False, False, False), "draining": True, "closed": True}


def test_error_event(manager):
    """docs/api/connection.md, error handling: a message of the library, and one of the program."""
    errors = []

    def handler(conn, ev, data):
        if ev == MG_EV_OPEN:
            return
        if ev == MG_EV_ERROR:
            errors.append(data)

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    manager.connect(f"tcp://127.0.0.1:{port}", handler)
    poll_until(manager, lambda: errors)
    assert isinstance(errors[0], str) and errors[0]
    conn = manager.listen("tcp://127.0.0.1:0", handler)
    conn.error("Custom error message")
    assert errors[-1] == "Custom error message"


# UDP


@pytest.mark.parametrize("size", [1, 1400, 60_000])
def test_udp_server(size):
    """The page's server."""
    peers = []

    def handler(conn, ev, data):
        if ev == MG_EV_READ:
            peers.append(conn.remote_addr)
        echo(conn, ev, data)

    loop = Loop(handler)
    listener = loop.manager.listen("udp://127.0.0.1:0")
    assert listener.is_udp
    with loop, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(SECONDS)
        s.connect(("127.0.0.1", port_of(listener)))
        s.send(b"u" * size)
        assert s.recv(65536) == b"u" * size
        assert peers == [("127.0.0.1", s.getsockname()[1], False)]


def test_udp_server_with_many_clients():
    """Each gets its own datagrams, one by one. What was received stays in the buffer: recv_data() does not consume."""
    end = 0

    def handler(conn, ev, data):
        nonlocal end
        if ev == MG_EV_READ:
            conn.send(conn.recv_data()[end:])
            end = conn.recv_len

    loop = Loop(handler)
    port = port_of(loop.manager.listen("udp://127.0.0.1:0"))
    clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(10)]
    with loop:
        for s in clients:
            s.settimeout(SECONDS)
            s.connect(("127.0.0.1", port))
        for n in range(10):
            for number, s in enumerate(clients):
                s.send(b"%d-%d" % (number, n) + b"." * (n * 100))
            for number, s in enumerate(clients):
                assert s.recv(65536) == b"%d-%d" % (number, n) + b"." * (n * 100)
    for s in clients:
        s.close()


def test_udp_client():
    """The page's client: the handler is the manager's, for the connection is ready before connect() returns."""
    got = []

    def handler(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.send(b"Hello, UDP!")
        elif ev == MG_EV_READ:
            got.append(conn.recv_data())

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer, Manager(handler) as manager:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(SECONDS)
        assert manager.connect(f"udp://127.0.0.1:{peer.getsockname()[1]}").is_udp
        for _ in range(3):
            manager.poll(1)
        request, address = peer.recvfrom(100)
        assert request == b"Hello, UDP!"
        peer.sendto(b"answer", address)
        assert poll_until(manager, lambda: got) == [b"answer"]


def test_udp_client_by_name():
    got = []

    def handler(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.send(b"z" * 1400)
        elif ev == MG_EV_READ:
            got.append(conn.recv_data())

    with Manager(handler) as manager:
        port = port_of(manager.listen("udp://127.0.0.1:0", echo))
        manager.connect(f"udp://localhost:{port}")
        assert poll_until(manager, lambda: got) == [b"z" * 1400]


# DNS


def test_localhost_is_resolved(manager):
    got = []
    conn = manager.connect("tcp://127.0.0.1:0", lambda conn, ev, data: got.append(conn.remote_addr) if ev == MG_EV_RESOLVE else None)
    got.clear()
    conn.resolve("tcp://localhost:80")
    poll_until(manager, lambda: got)
    assert got[0][0] == "127.0.0.1"


@own_network
def test_a_lookup_on_a_connection(manager):
    got = []
    conn = manager.connect("udp://127.0.0.1:1", lambda conn, ev, data: got.append(conn.remote_addr) if ev == MG_EV_RESOLVE else None)
    conn.resolve("udp://example.com:1234")
    assert poll_until(manager, lambda: got) == [("127.0.0.1", 1234, False)]


@own_network
def test_connections_by_name(manager):
    """Every name is this machine in the test's network."""
    got = []
    port = port_of(manager.listen("tcp://127.0.0.1:0", lambda conn, ev, data: conn.send(b"hi") if ev == MG_EV_ACCEPT else None))
    for n in range(20):
        url = f"tcp://host{n}.example.com:{port}"
        manager.connect(url, lambda conn, ev, data: got.append(conn.recv_data()) if ev == MG_EV_READ else None)
    poll_until(manager, lambda: len(got) == 20)
    assert got == [b"hi"] * 20


class Zone(BaseResolver):
    records = {"a.test.": "a.test. 60 A 127.0.0.1", "alias.test.": "alias.test. 60 CNAME a.test.\na.test. 60 A 127.0.0.1"}

    def resolve(self, request, handler):
        reply, name = request.reply(), str(request.q.qname).lower()
        if name not in self.records:
            reply.header.rcode = RCODE.NXDOMAIN
        elif request.q.qtype == QTYPE.A:
            reply.add_answer(*RR.fromZone(self.records[name]))
        return reply


@own_network
def test_another_name_server():
    """The server that /etc/resolv.conf names is asked; what it does not know is an error."""
    server = DNSServer(Zone(), address="127.0.0.53", port=53)
    server.start_thread()
    program = textwrap.dedent(
        """
        import ctypes, sys, time
        sys.path.insert(0, sys.argv[1])
        from private_network import replace_file
        ctypes.CDLL(None).umount(b"/etc/resolv.conf")
        replace_file("/etc/resolv.conf", "nameserver 127.0.0.53\\n")
        from cymongoose import Manager, MG_EV_ERROR, MG_EV_RESOLVE
        def handler(conn, ev, data):
            if ev == MG_EV_RESOLVE:
                got.append(conn.remote_addr[0])
            elif ev == MG_EV_ERROR:
                got.append("error")
        for name in ["a.test", "alias.test", "A.Test", "missing.test"]:
            got = []
            with Manager(handler) as manager:
                manager.connect(f"tcp://{name}:80")
                deadline = time.monotonic() + 20
                while not got and time.monotonic() < deadline:
                    manager.poll(20)
            print(name, *got[:1])
        """
    )
    command = ["unshare", "--mount", sys.executable, "-c", program, str(TOOLS)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    finally:
        server.stop()
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "a.test 127.0.0.1",
        "alias.test 127.0.0.1",
        "A.Test 127.0.0.1",
        "missing.test error",
    ]


@own_network
def test_cancelled_lookup_has_no_result():
    """The name server is silent; the lookup is cancelled, and the connection lives on without an event."""
    program = textwrap.dedent(
        """
        import ctypes, sys
        sys.path.insert(0, sys.argv[1])
        from private_network import replace_file
        ctypes.CDLL(None).umount(b"/etc/resolv.conf")
        replace_file("/etc/resolv.conf", "nameserver 127.0.0.54\\n")
        from cymongoose import Manager, MG_EV_ERROR, MG_EV_RESOLVE
        events = []
        with Manager(lambda conn, ev, data: events.append(ev)) as manager:
            conn = manager.connect("tcp://slow.test:80")
            for _ in range(5):
                manager.poll(10)
            conn.resolve_cancel()
            for _ in range(5):
                manager.poll(10)
            print(MG_EV_RESOLVE in events, MG_EV_ERROR in events)
        """
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.54", 53))
        command = ["unshare", "--mount", sys.executable, "-c", program, str(TOOLS)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        silent.settimeout(SECONDS)
        assert b"\4slow\4test\0" in silent.recv(512)
    assert (result.stdout, result.stderr) == ("False False\n", "")


# SNTP

NTP_EPOCH = 2208988800


class TimeServer:
    """Answers as RFC 5905, 7.3, says, at a time of its own."""

    def __init__(self, seconds):
        self._seconds, self.requests = seconds, []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                request, address = self._socket.recvfrom(512)
            except OSError:
                return
            self.requests.append(request)
            now = int((self._seconds + NTP_EPOCH) * 2**32) % 2**64
            head = struct.pack("!BBBbII4s", 0x24, 1, 6, -20, 0, 0, b"LOCL")
            self._socket.sendto(head + struct.pack("!Q8sQQ", now, request[40:48], now, now), address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()


@pytest.mark.parametrize("seconds", [0.5, 1_700_000_000.25, 2_085_978_495.0, 2_085_978_497.0, 4_000_000_000.0])
def test_sntp_tells_the_time_of_the_server(manager, seconds):
    """Also in the era that begins in 2036 (RFC 4330, 3)."""
    times = []

    def handler(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.sntp_request()
        elif ev == MG_EV_SNTP_TIME:
            times.append(data)
            conn.close()

    with TimeServer(seconds) as server:
        manager.sntp_connect(f"udp://127.0.0.1:{server.port}", handler)
        poll_until(manager, lambda: times)
    request = server.requests[0]
    # RFC 4330, 5: mode 3, client; the other fields but the transmit time are zero.
    assert len(request) == 48 and request[0] & 7 == 3 and request[0] >> 3 & 7 in (3, 4)
    assert abs(times[0] - seconds * 1000) <= SECONDS * 1000
    assert datetime.datetime.fromtimestamp(times[0] / 1000.0)


def test_sntp_again_and_again(manager):
    """A connection ends with its answer; each synchronisation makes another."""
    times = []

    def handler(conn, ev, data):
        if ev == MG_EV_SNTP_TIME:
            times.append(data)

    with TimeServer(1_700_000_000) as server:

        def sync():
            manager.sntp_connect(f"udp://127.0.0.1:{server.port}", handler).sntp_request()

        timer = manager.timer_add(10, sync, repeat=True, run_now=True)
        poll_until(manager, lambda: len(times) >= 3)
        timer.cancel()
    assert {time // 1000 for time in times} == {1_700_000_000}


@own_network
def test_sntp_by_name(manager):
    """time.google.com is this machine here, which tells its own time."""
    times = []
    manager.sntp_connect(
        "udp://time.google.com:123", lambda conn, ev, data: times.append(data) if ev == MG_EV_SNTP_TIME else None
    ).sntp_request()
    poll_until(manager, lambda: times)
    assert abs(times[0] / 1000 - time.time()) < SECONDS
