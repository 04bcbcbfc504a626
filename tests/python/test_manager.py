"""docs/api/manager.md"""

import os
import signal
import subprocess
import sys
import textwrap
import urllib.request

import pytest
from conftest import Loop, poll_until, port_of, wait_for
from cymongoose import MG_EV_CLOSE, MG_EV_CONNECT, MG_EV_HTTP_MSG, MG_EV_READ, Manager


def get(port, path="/"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
        return response.read()


def replying(text):
    def handler(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.reply(200, text)

    return handler


def test_default_and_per_listener_handlers():
    loop = Loop(replying(b"default"))
    ports = [
        port_of(loop.manager.listen("http://127.0.0.1:0")),
        port_of(loop.manager.listen("http://127.0.0.1:0", handler=replying(b"api"))),
        port_of(loop.manager.listen("http://127.0.0.1:0", handler=replying(b"ws"))),
    ]
    with loop:
        assert [get(port) for port in ports] == [b"default", b"api", b"ws"]


def test_a_connection_can_change_its_handler():
    def second(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.reply(200, b"second")

    def first(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.set_handler(second)
            conn.reply(200, b"first")

    import http.client

    loop = Loop(first)
    port = port_of(loop.manager.listen("http://127.0.0.1:0"))
    with loop:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        bodies = []
        for _ in range(3):
            client.request("GET", "/")
            bodies.append(client.getresponse().read())
        client.close()
    assert bodies == [b"first", b"second", b"second"]


def test_error_handler_gets_exceptions_and_the_server_lives_on():
    errors = []

    def handler(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.reply(200, b"fine")
            if data.uri == "/bad":
                raise ValueError("bad request")

    loop = Loop(handler, error_handler=errors.append)
    port = port_of(loop.manager.listen("http://127.0.0.1:0"))
    with loop:
        assert get(port, "/bad") == b"fine"
        assert get(port, "/good") == b"fine"
        wait_for(lambda: errors)
    assert [str(e) for e in errors] == ["bad request"]


def test_context_manager_closes_connections():
    closed = []
    with Manager(lambda conn, ev, data: closed.append(conn.id) if ev == MG_EV_CLOSE else None) as manager:
        first = manager.listen("tcp://127.0.0.1:0")
        port = port_of(first)
        manager.connect(f"tcp://127.0.0.1:{port}")
        poll_until(manager, lambda: len(manager.connections) == 3)
        assert not closed
    assert len(closed) == 3
    # The port is free again.
    with Manager() as manager:
        assert manager.listen(f"tcp://127.0.0.1:{port}") is not None


def test_no_handler_at_all():
    with Manager() as manager:
        listener = manager.listen("http://127.0.0.1:0")
        manager.connect(f"tcp://127.0.0.1:{port_of(listener)}")
        for _ in range(5):
            manager.poll(5)


@pytest.mark.parametrize("url", ["invalid://address", "http://999.1.1.1:80"])
def test_impossible_urls_are_refused(url):
    with Manager() as manager, pytest.raises(RuntimeError):
        manager.listen(url)


def test_port_in_use_is_refused():
    with Manager() as manager:
        port = port_of(manager.listen("http://127.0.0.1:0"))
        with pytest.raises(RuntimeError):
            manager.listen(f"http://127.0.0.1:{port}")


def test_connections_snapshot_grows_and_shrinks():
    with Manager() as manager:
        listener = manager.listen("tcp://127.0.0.1:0")
        assert len(manager.connections) == 1
        client = manager.connect(f"tcp://127.0.0.1:{port_of(listener)}")
        poll_until(manager, lambda: len(manager.connections) == 3)
        client.close()
        poll_until(manager, lambda: len(manager.connections) == 1)


def test_close_in_a_handler():
    """Documented for clients; the connection's own memory must survive its handler."""
    done = []

    def client(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        elif ev == MG_EV_HTTP_MSG:
            done.append(data.body_bytes)
            conn.close()

    with Manager(replying(b"x" * 100)) as manager:
        port = port_of(manager.listen("http://127.0.0.1:0"))
        for _ in range(50):
            manager.connect(f"http://127.0.0.1:{port}", client)
        poll_until(manager, lambda: len(done) == 50)
        poll_until(manager, lambda: len(manager.connections) == 1)
    assert set(done) == {b"x" * 100}


def test_close_in_a_handler_gives_back_descriptors():
    def client(conn, ev, data):
        if ev in (MG_EV_CONNECT, MG_EV_READ):
            conn.close()

    with Manager() as manager:
        port = port_of(manager.listen("tcp://127.0.0.1:0"))
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(200):
            manager.connect(f"tcp://127.0.0.1:{port}", client)
            manager.poll(5)
        poll_until(manager, lambda: len(manager.connections) == 1)
        assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_with_a_signal(number):
    program = textwrap.dedent(
        """
        from cymongoose import Manager, MG_EV_HTTP_MSG
        manager = Manager(lambda conn, ev, data: conn.reply(200, b"running") if ev == MG_EV_HTTP_MSG else None)
        print(manager.listen("http://127.0.0.1:0").local_addr[1], flush=True)
        manager.run()
        print("cleaned up", flush=True)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline())
        assert get(port) == b"running"
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == ("cleaned up\n", 0)


def test_signal_ends_a_long_poll():
    program = textwrap.dedent(
        """
        import signal, time
        from cymongoose import Manager
        stopped = []
        signal.signal(signal.SIGINT, lambda *_: stopped.append(1))
        manager = Manager()
        manager.listen("tcp://127.0.0.1:0")
        print("ready", flush=True)
        started = time.monotonic()
        while not stopped:
            manager.poll(60000)
        print("ended early" if time.monotonic() - started < 50 else "slept on", flush=True)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        # The signal may come before the loop sleeps: it is sent until the process ends.
        for _ in range(100):
            process.send_signal(signal.SIGINT)
            try:
                out, _ = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                continue
    assert out == "ended early\n"
