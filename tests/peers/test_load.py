"""Many clients at once."""

import re
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

from example import Folder, content, example, raise_descriptor_limit, read_all


class Load(unittest.TestCase):
    def wrk(self, url, connections, *arguments):
        result = subprocess.run(["wrk", "-t2", f"-c{connections}", "-d3s", "--timeout", "10s", *arguments, url],
                                capture_output=True, text=True, check=True)
        self.assertNotIn("Socket errors", result.stdout)
        self.assertNotIn("Non-2xx", result.stdout)
        requests = int(re.search(r"(\d+) requests in", result.stdout).group(1))
        self.assertGreater(requests, connections)

    def test_a_thousand_connections(self):
        limit = raise_descriptor_limit(4096)
        connections = 1000 if limit >= 1100 else limit - 100
        with example("hello") as server:
            idle = server.descriptors()
            self.wrk(server.url, connections)
            self.assertTrue(server.wait_for_descriptors(idle), "connections are left open")

    def test_connections_that_close_each_time(self):
        file = content(30_000)

        def fetch(_):
            with server.connect() as connection:
                connection.send(b"GET /file.txt HTTP/1.1\r\nConnection: close\r\n\r\n")
                return read_all(connection).partition(b"\r\n\r\n")[2] == file

        with Folder(**{"file.txt": file}) as folder, example("static_server", folder.path) as server:
            idle = server.descriptors()
            with ThreadPoolExecutor(50) as pool:
                self.assertEqual(list(pool.map(fetch, range(3000))).count(True), 3000)
            self.assertTrue(server.wait_for_descriptors(idle), "connections are left open")

    def test_answers_of_worker_threads_reach_their_clients(self):
        fibonacci = [0, 1]
        while len(fibonacci) < 25:
            fibonacci.append(fibonacci[-1] + fibonacci[-2])
        with example("wakeup") as server, ThreadPoolExecutor(16) as pool:
            numbers = [n % 25 for n in range(400)]
            for n, (status, body) in zip(numbers, pool.map(lambda n: server.get(f"/{n}"), numbers)):
                self.assertEqual((status, body), (200, b"%d\n" % fibonacci[n]))

    def test_every_thread_serves_connections_to_the_same_port(self):
        with example("threads", "4") as server:
            answers = {server.get("/") for _ in range(200)}
            self.assertEqual(answers, {(200, b"thread %d\n" % n) for n in range(4)})


if __name__ == "__main__":
    unittest.main()
