"""Answers of a pool of threads: order, a full queue, clients that leave, a clean end."""

import random
import re
import select
import signal
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

from example import enter, example


def request(path, milliseconds):
    return f"GET {path}?ms={milliseconds} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def read_response(stream):
    """Status and body."""
    status = int(stream.readline().split()[1])
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return status, stream.read(length)


class WorkerPool(unittest.TestCase):
    def test_pipelined_requests_are_answered_in_order(self):
        def client(number):
            delays = random.Random(number)
            paths = [f"/{number}/{n}" for n in range(400)]
            with server.connect(60) as connection, connection.makefile("rb") as stream:
                connection.sendall(b"".join(request(path, delays.choice((0, 0, 1, 7))) for path in paths))
                return [read_response(stream) for _ in paths] == [(200, f"{path}\n".encode()) for path in paths]

        with example("worker_pool", "8") as server, ThreadPoolExecutor(10) as pool:
            self.assertEqual(list(pool.map(client, range(10))), [True] * 10)

    def test_many_clients(self):
        with example("worker_pool", "4") as server:
            result = subprocess.run(["wrk", "-t2", "-c64", "-d3s", "--timeout", "10s", server.url + "/?ms=1"],
                                    capture_output=True, text=True, check=True)
            self.assertNotIn("Socket errors", result.stdout)
            self.assertNotIn("Non-2xx", result.stdout)
            self.assertGreater(int(re.search(r"(\d+) requests in", result.stdout).group(1)), 64)

    def test_a_full_queue_refuses(self):
        with example("worker_pool", "1", "2") as server, ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: server.get("/x?ms=300"), range(20)))
            served = answers.count((200, b"/x\n"))
            # One at work, two that wait; later ones when these are done.
            self.assertGreaterEqual(served, 3)
            self.assertGreater(answers.count((503, b"busy\n")), 0)
            self.assertEqual(served + answers.count((503, b"busy\n")), 20)
            self.assertEqual(server.get("/y"), (200, b"/y\n"))

    def test_clients_that_leave_before_the_answer(self):
        with example("worker_pool", "4", "1000") as server:
            idle = server.descriptors()
            with server.connect() as patient, patient.makefile("rb") as stream:
                for n in range(300):
                    with server.connect() as connection:
                        connection.sendall(request("/gone", 5) * (1 + n % 3))
                    if n % 10 == 0:
                        patient.sendall(request(f"/{n}", 3))
                for n in range(0, 300, 10):
                    self.assertEqual(read_response(stream), (200, f"/{n}\n".encode()))
            self.assertTrue(server.wait_for_descriptors(idle), "connections are left open")

    def test_the_end_waits_for_answers_and_threads(self):
        with example("worker_pool", "1", "5") as server:
            connections = [enter(self, server.connect()) for _ in range(7)]
            for n, connection in enumerate(connections):
                connection.sendall(request(f"/{n}", 200))
            # One is refused at once: then the queue is full.
            select.select(connections, [], [])
            server.process.send_signal(signal.SIGTERM)
            answers = [read_response(enter(self, connection.makefile("rb"))) for connection in connections]
            served = [n for n in range(7) if answers[n] == (200, f"/{n}\n".encode())]
            self.assertGreaterEqual(len(served), 5)
            self.assertEqual(len(served) + answers.count((503, b"busy\n")), 7)
            self.assertEqual(server.process.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
