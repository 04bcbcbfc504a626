"""docs/advanced/threading.md"""

import http.client
import queue
import subprocess
import threading

import pytest
from conftest import SECONDS, Loop, port_of, wait_for
from cymongoose import MG_EV_HTTP_MSG, MG_EV_WAKEUP


def test_worker_pool_answers_requests():
    work, results = queue.Queue(), {}
    loop = None

    def worker():
        while (item := work.get()) is not None:
            conn_id, body = item
            results[conn_id] = body[::-1]
            loop.manager.wakeup(conn_id, b"ready")

    def handler(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            work.put((conn.id, data.body_bytes))
        elif ev == MG_EV_WAKEUP:
            conn.reply(200, results.pop(conn.id))

    loop = Loop(handler)
    port = port_of(loop.manager.listen("http://127.0.0.1:0"))
    workers = [threading.Thread(target=worker) for _ in range(4)]
    for thread in workers:
        thread.start()
    answers = []

    def client(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        for i in range(20):
            body = f"{number}-{i}".encode()
            connection.request("POST", "/", body)
            answers.append(connection.getresponse().read() == body[::-1])
        connection.close()

    with loop:
        clients = [threading.Thread(target=client, args=(n,)) for n in range(8)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
    for _ in workers:
        work.put(None)
    for thread in workers:
        thread.join()
    assert len(answers) == 160 and all(answers)


@pytest.mark.parametrize("size", [0, 1, 8 << 10, 16 << 10, 64 << 10, 1 << 20, 16 << 20])
def test_wakeup_payload_of_any_size(size):
    received = []
    loop = Loop(lambda conn, ev, data: received.append(data) if ev == MG_EV_WAKEUP else None)
    target = loop.manager.listen("tcp://127.0.0.1:0").id
    payload = bytes(i * 7 % 251 for i in range(min(size, 1 << 16))) * max(1, size >> 16)
    payload = payload[:size]
    with loop:
        for _ in range(3):
            assert loop.manager.wakeup(target, payload)
        wait_for(lambda: len(received) == 3)
    assert [bytes(data) for data in received] == [payload] * 3


def test_wakeups_from_many_threads_keep_their_order():
    threads, each = 8, 2000
    received = {n: [] for n in range(threads)}

    def handler(conn, ev, data):
        if ev == MG_EV_WAKEUP:
            number, count = map(int, bytes(data).split())
            received[number].append(count)

    loop = Loop(handler)
    target = loop.manager.listen("tcp://127.0.0.1:0").id

    def send(number):
        for count in range(each):
            assert loop.manager.wakeup(target, b"%d %d" % (number, count))

    with loop:
        senders = [threading.Thread(target=send, args=(n,)) for n in range(threads)]
        for thread in senders:
            thread.start()
        for thread in senders:
            thread.join()
        wait_for(lambda: sum(map(len, received.values())) == threads * each)
    assert all(counts == list(range(each)) for counts in received.values())


def test_wakeup_of_a_closed_connection_does_nothing():
    loop = Loop(lambda conn, ev, data: pytest.fail("nobody is there") if ev == MG_EV_WAKEUP else None)
    listener = loop.manager.listen("tcp://127.0.0.1:0")
    target = listener.id
    listener.close()
    with loop:
        assert loop.manager.wakeup(target, b"hello")
        assert not loop.manager.wakeup(0, b"hello")


def test_a_million_wakeups_under_load():
    """Four threads call wakeup 250,000 times each while wrk loads the server; every one arrives, once."""
    threads, each = 4, 250_000
    counts = [0] * threads

    def handler(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.reply(200, b"hello")
        elif ev == MG_EV_WAKEUP:
            counts[data[0]] += 1

    loop = Loop(handler)
    listener = loop.manager.listen("http://127.0.0.1:0")
    port, target = port_of(listener), listener.id

    def send(number):
        payload = bytes([number])
        for _ in range(each):
            assert loop.manager.wakeup(target, payload)

    with loop:
        command = ["wrk", "-t1", "-c32", "-d5s", f"http://127.0.0.1:{port}/"]
        load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        senders = [threading.Thread(target=send, args=(n,)) for n in range(threads)]
        for thread in senders:
            thread.start()
        for thread in senders:
            thread.join()
        report, _ = load.communicate(timeout=60)
        wait_for(lambda: sum(counts) == threads * each, 120)
    assert counts == [each] * threads
    assert "Socket errors" not in report and "Non-2xx" not in report, report
