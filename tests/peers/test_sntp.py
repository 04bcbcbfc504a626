"""The SNTP client example against chrony and against servers that lie, stammer or stay silent."""

import datetime
import os
import pathlib
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from example import EXAMPLES, ROOT, enter

EPOCH = 2208988800
REAL = datetime.datetime(2031, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc).timestamp()
FORGED = REAL - 1_000_000


def stamp(seconds):
    return struct.pack("!Q", int((seconds + EPOCH) * 2**32))


def reply(request, seconds=REAL, flags=0x24, stratum=1, origin=None):
    return (bytes([flags, stratum, 6, 0xEC]) + bytes(20) + (request[40:48] if origin is None else origin)
            + stamp(seconds) + stamp(seconds))


class Server:
    """Answers each request with what `answer(number, request)` yields: datagrams, or pairs of a socket and one."""

    def __init__(self, answer, family=socket.AF_INET):
        self.answer = answer
        self.requests = []
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while True:
            request, client = self.socket.recvfrom(1000)
            if request == b"stop":
                return
            self.requests.append(request)
            for item in self.answer(len(self.requests), request):
                sender, datagram = item if isinstance(item, tuple) else (self.socket, item)
                sender.sendto(datagram, client)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"stop", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


class Sntp(unittest.TestCase):
    def ask(self, url):
        """Exit status, and the time in seconds since 1970 if there is one."""
        result = subprocess.run([EXAMPLES / "sntp_client", url], capture_output=True, text=True, timeout=30)
        if result.returncode:
            self.assertEqual(result.stdout, "")
            return result.returncode, None
        time_told = datetime.datetime.strptime(result.stdout.strip(), "%Y-%m-%d %H:%M:%S.%f UTC")
        return 0, time_told.replace(tzinfo=datetime.timezone.utc).timestamp()

    def ask_server(self, answer, **options):
        server = enter(self, Server(answer, **options))
        host = "[::1]" if options else "127.0.0.1"
        return *self.ask(f"udp://{host}:{server.port}"), server

    def assert_real(self, status, seconds):
        self.assertEqual(status, 0)
        self.assertAlmostEqual(seconds, REAL, delta=3)

    def test_a_good_server(self):
        status, seconds, server = self.ask_server(lambda n, request: [reply(request)])
        self.assert_real(status, seconds)
        self.assertEqual([len(r) for r in server.requests], [48])
        self.assertEqual(server.requests[0][:40], bytes([0x23]) + bytes(39))

    def test_ipv6(self):
        status, seconds, _ = self.ask_server(lambda n, request: [reply(request)], family=socket.AF_INET6)
        self.assert_real(status, seconds)

    def test_requests_cannot_be_guessed(self):
        fractions = set()
        for _ in range(5):
            *_, server = self.ask_server(lambda n, request: [reply(request)])
            fractions.add(server.requests[0][46:48])
        self.assertGreater(len(fractions), 1)

    def test_replies_that_answer_nothing_are_dropped(self):
        def answer(n, request):
            yield b""
            yield b"junk" * 300
            yield reply(request, FORGED)[:47]
            yield reply(request, FORGED, origin=bytes(8))
            yield reply(request, FORGED, origin=b"\xff" * 8)
            yield reply(request, FORGED, origin=request[40:47] + bytes([request[47] ^ 1]))
            yield reply(request, FORGED, origin=stamp(FORGED))
            yield reply(request)
        self.assert_real(*self.ask_server(answer)[:2])

    def test_a_stranger_is_not_believed(self):
        stranger = enter(self, socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        # The same host, another port; and the same port on another host of the loopback network.
        elsewhere = enter(self, socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

        def answer(n, request):
            elsewhere.bind(("127.0.0.2", server.port))
            yield stranger, reply(request, FORGED)
            yield elsewhere, reply(request, FORGED)
            yield reply(request)
        server = enter(self, Server(answer))
        self.assert_real(*self.ask(f"udp://127.0.0.1:{server.port}"))

    def test_a_lost_request_is_sent_again(self):
        status, seconds, server = self.ask_server(lambda n, request: [reply(request)] if n == 2 else [])
        self.assert_real(status, seconds)
        self.assertEqual(len(server.requests), 2)
        self.assertNotEqual(*server.requests)

    def test_a_late_reply_to_the_first_request_counts(self):
        first = []

        def answer(n, request):
            first.append(request)
            return [reply(first[0])] if n == 2 else []
        self.assert_real(*self.ask_server(answer)[:2])

    def test_silence(self):
        status, _, server = self.ask_server(lambda n, request: [])
        self.assertEqual(status, 1)
        self.assertEqual(len(server.requests), 2)

    def test_servers_without_time(self):
        for name, options in {"kiss of death": {"stratum": 0}, "stratum 16": {"stratum": 16}, "not synchronised": {"flags": 0xE4},
                              "client mode": {"flags": 0x23}, "version 2": {"flags": 0x14}}.items():
            with self.subTest(name):
                status, _, server = self.ask_server(lambda n, request: [reply(request, **options)])
                self.assertEqual(status, 1)
                self.assertEqual(len(server.requests), 1)

    def test_no_transmit_time(self):
        self.assertEqual(self.ask_server(lambda n, request: [reply(request)[:40] + bytes(8)])[0], 1)

    def test_nobody_listens(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        self.assertEqual(self.ask(f"udp://127.0.0.1:{port}")[0], 1)


class Chrony(unittest.TestCase):
    def test_the_time_is_that_of_this_host(self):
        folder = pathlib.Path(enter(self, tempfile.TemporaryDirectory(prefix="mg-chrony-")))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        (folder / "chrony.conf").write_text(
            f"port {port}\nbindaddress 127.0.0.1\nallow 127.0.0.1\nlocal stratum 5\ncmdport 0\nbindcmdaddress /\n"
            f"pidfile {folder}/pid\n")
        program = shutil.which("chronyd") or ROOT / "target/chrony/usr/sbin/chronyd"
        daemon = subprocess.Popen([program, "-U", "-u", pwd.getpwuid(os.getuid()).pw_name, "-x", "-d", "-f", folder / "chrony.conf"],
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.send_signal, signal.SIGTERM)
        for _ in range(20):
            result = subprocess.run([EXAMPLES / "sntp_client", f"udp://127.0.0.1:{port}"], capture_output=True, text=True, timeout=30)
            if result.returncode == 0:
                break
        told = datetime.datetime.strptime(result.stdout.strip(), "%Y-%m-%d %H:%M:%S.%f UTC")
        self.assertAlmostEqual(told.replace(tzinfo=datetime.timezone.utc).timestamp(), time.time(), delta=30)


if __name__ == "__main__":
    unittest.main()
