"""The programs of c_examples/loops, which run a manager in another event loop, against curl, wrk and WebSocket clients."""

import http.client
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from websockets.sync.client import connect

from example import ROOT, Server, enter

LIB = pathlib.Path(os.environ.get("MG_LIB", ROOT / "target" / "release")).resolve()
ENVIRONMENT = {"LD_LIBRARY_PATH": str(LIB), "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}
URL = "http://127.0.0.1:8000"
REQUESTS = 300
IDLE = 100


class Loop:
    """Each program is built and run with the commands that its first lines tell."""

    source = name = None

    @classmethod
    def setUpClass(cls):
        folder = enter(cls, tempfile.TemporaryDirectory(prefix="mg-loop-"))
        text = (ROOT / "c_examples" / "loops" / cls.source).read_text()
        text = re.sub(r"target/\w+", lambda found: str(LIB) if found[0] == "target/release" else f"{folder}/{found[0][7:]}", text)
        for command in re.findall(r"Build: (.*)", text):
            subprocess.run(["sh", "-c", f"{command} -Wall -Wextra -Werror"], cwd=ROOT, check=True)
        cls.run_line = re.search(r"Run: +(.*)", text)[1].removesuffix(URL)
        assert cls.run_line.endswith(" ")

    def setUp(self):
        self.server = enter(self, Server(*self.command()))

    def command(self):
        environment = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        return ["env", f"--chdir={ROOT}", *environment, "sh", "-c", f"exec env {self.run_line} http://127.0.0.1:0"]

    def connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, path):
        connection.request("GET", path)
        return connection.getresponse().read()

    def ticks(self):
        return int(self.server.get("/ticks")[1])

    def wait_for_ticks(self, count):
        """The loop's own timer runs: it comes to this count."""
        deadline = time.monotonic() + 20
        while (ticks := self.ticks()) < count:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        return ticks

    def switches(self):
        """How often the program went to sleep."""
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.MULTILINE)[1])

    def cpu_ticks(self):
        fields = pathlib.Path(f"/proc/{self.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def test_curl(self):
        result = subprocess.run(["curl", "--silent", "--max-time", "20", self.server.url], capture_output=True)
        self.assertEqual((result.returncode, result.stdout), (0, f"Hello from {self.name}\n".encode()))

    def test_one_request_after_the_other(self):
        connection = self.connection()
        self.ask(connection, "/")
        before = self.switches()
        for _ in range(REQUESTS):
            self.ask(connection, "/")
        wakeups = (self.switches() - before) / REQUESTS
        print(f"{self.name}: {wakeups:.2f} wake-ups per request", file=sys.stderr)
        self.assertLess(wakeups, 3)

    def test_wrk(self):
        before, ticks = self.switches(), self.ticks()
        result = subprocess.run(["wrk", "-t1", "-c50", "-d1", self.server.url], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0)
        self.assertNotRegex(result.stdout, "Socket errors|Non-2xx")
        count = int(re.search(r"(\d+) requests in", result.stdout)[1])
        print(f"{self.name}: {count} requests of 50 clients, {(self.switches() - before) / count:.4f} wake-ups each", file=sys.stderr)
        # The loop's own timer had its turns.
        self.assertGreater(self.ticks(), ticks + 2)

    def test_answers_that_the_loop_gives(self):
        with ThreadPoolExecutor(20) as pool:
            for answer in pool.map(lambda _: self.ask(self.connection(), "/later"), range(40)):
                self.assertIn(answer, self.late_answers)

    late_answers = (b"later\n",)

    def test_clients_that_do_not_wait_for_the_answer(self):
        for _ in range(20):
            connection = self.connection()
            connection.request("GET", "/later")
            connection.close()
        self.wait_for_ticks(self.ticks() + 3)
        self.assertEqual(self.server.get("/")[0], 200)

    def test_websocket(self):
        with connect(f"ws://127.0.0.1:{self.server.port}/ws") as client:
            for text in ("hello", "", "x" * 200_000, *map(str, range(REQUESTS))):
                client.send(text)
                self.assertEqual(client.recv(timeout=20), text)

    def test_idle_connections_cost_nothing(self):
        for _ in range(IDLE):
            self.ask(self.connection(), "/")
        ticks = self.wait_for_ticks(self.ticks() + 1)
        switches, cpu = self.switches(), self.cpu_ticks()
        time.sleep(2)
        switches, cpu = self.switches() - switches, self.cpu_ticks() - cpu
        ticks = self.ticks() - ticks
        print(f"{self.name}: {switches} wake-ups in {ticks} ticks of its own timer with {IDLE} idle connections, CPU {cpu}0 ms",
              file=sys.stderr)
        self.assertLess(switches, 2 * ticks + 10)
        self.assertLess(cpu, 20)

    def test_interrupt(self):
        with Server(*self.command()) as other:
            other.get("/later")
            other.process.send_signal(signal.SIGINT)
            self.assertEqual(other.process.wait(20), 0)


class TestPoll(Loop, unittest.TestCase):
    source, name = "poll.c", "poll"
    # One client at a time may wait.
    late_answers = (b"later\n", b"Hello from poll\n")

    def test_lines_go_to_websockets(self):
        process = subprocess.Popen(self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            port = int(re.search(rb"port (\d+)", process.stdout.readline())[1])
            with connect(f"ws://127.0.0.1:{port}/ws") as client:
                for line in (b"one\n", b"two\n"):
                    process.stdin.write(line)
                    process.stdin.flush()
                    self.assertEqual(client.recv(timeout=20), line.decode())
                process.stdin.close()
                client.send("still here")
                self.assertEqual(client.recv(timeout=20), "still here")
        finally:
            process.terminate()
            self.assertEqual(process.wait(20), 0)
            process.stdout.close()


class TestLibuv(Loop, unittest.TestCase):
    source, name = "libuv.c", "libuv"


class TestGlib(Loop, unittest.TestCase):
    source, name = "glib.c", "glib"


class TestAsyncio(Loop, unittest.TestCase):
    source, name = "asyncio_loop.py", "asyncio"


if __name__ == "__main__":
    unittest.main()
