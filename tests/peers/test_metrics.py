"""The counters of a manager, as the example serves them to Prometheus, against what its clients count."""

import re
import socket
import ssl
import subprocess
import time
import unittest

from prometheus_client.parser import text_string_to_metric_families

from example import EXAMPLES, Folder, Server, content, enter
from tls_certs import Certificate

LARGE = content(3_000_000)


class Wire:
    """A client that counts the bytes of its socket, with or without TLS."""

    def __init__(self, server, context=None):
        self.socket = server.connect()
        self.sent = self.received = 0
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context and context.wrap_bio(self.input, self.output, server_hostname="localhost")
        if self.tls:
            self.until_done(self.tls.do_handshake)

    def transmit(self, data):
        self.socket.sendall(data)
        self.sent += len(data)

    def receive(self):
        data = self.socket.recv(1 << 16)
        self.received += len(data)
        return data

    def until_done(self, operation, *arguments):
        while True:
            try:
                return operation(*arguments)
            except ssl.SSLWantReadError:
                self.transmit(self.output.read())
                self.input.write(self.receive())
            finally:
                self.transmit(self.output.read())

    def ask(self, request):
        """The response to a request."""
        if self.tls:
            self.until_done(self.tls.write, request)
        else:
            self.transmit(request)
        data = b""
        while not (head := re.match(rb"(.*?\r\n)\r\n", data, re.DOTALL)) or len(data) < head.end() + int(
                re.search(rb"Content-Length: (\d+)", head[1])[1]):
            data += self.until_done(self.tls.read, 1 << 16) if self.tls else self.receive()
        return head[1], data[head.end():]

    def get(self, path):
        return self.ask(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())

    def finish(self):
        """Reads what the server has to say last."""
        self.socket.shutdown(socket.SHUT_WR)
        while self.receive():
            pass

    def close(self):
        self.socket.close()


def parse(body):
    families = text_string_to_metric_families(body.decode())
    return {sample.name: int(sample.value) for family in families for sample in family.samples}


class Metrics(unittest.TestCase):
    context = None
    certificate = ()
    scheme = "http"

    def setUp(self):
        folder = enter(self, Folder(large=LARGE))
        self.server = enter(self, Server(EXAMPLES / "metrics", f"{self.scheme}://127.0.0.1:0", folder.path, *self.certificate))
        self.watch = self.wire()
        self.watch.get("/metrics")  # Now what TLS sends behind its handshake has come, too
        self.looks = 0

    def wire(self):
        wire = Wire(self.server, self.context)
        self.addCleanup(wire.close)
        return wire

    def look(self):
        """The metrics, without the bytes that looking at them costs."""
        received = self.watch.received
        metrics = parse(self.watch.get("/metrics")[1])
        metrics["mg_received_bytes_total"] -= self.watch.sent
        metrics["mg_sent_bytes_total"] -= received
        metrics["mg_http_requests_total"] -= self.looks
        self.looks += 1
        return metrics

    def look_when_alone(self):
        deadline = time.monotonic() + 20
        while (metrics := self.look())["mg_connections"] > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(metrics["mg_connections"], 1)
        return metrics

    def check(self, before, after, **wanted):
        """What has grown by how much; of what is not named, nothing but the loop's own counters and memory."""
        grown = {name: after[name] - before[name] for name in after}
        free = ("mg_loop_iterations_total", "mg_spare_buffer_bytes")
        self.assertEqual({name: n for name, n in grown.items() if n and name not in free},
                         {f"mg_{name}": n for name, n in wanted.items() if n})

    def test_bytes_and_requests_are_those_of_the_clients(self):
        before = self.look()
        wires = [self.wire() for _ in range(5)]
        for wire in wires:
            self.assertEqual(wire.get("/large")[1], LARGE)
            self.assertEqual(wire.ask(b"POST /echo HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000)[1], b"x" * 100_000)
            self.assertIn(b" 404 ", wire.get("/missing")[0])
        for wire in wires:
            wire.finish()
        tls = {"tls_handshakes_total": 5} if self.context else {}
        self.check(before, self.look_when_alone(), connections_accepted_total=5, connections_closed_total=5,
                   http_requests_total=15, received_bytes_total=sum(wire.sent for wire in wires),
                   sent_bytes_total=sum(wire.received for wire in wires), **tls)

    def test_buffers_are_seen_and_go(self):
        before = self.look()
        own = before["mg_receive_queue_bytes"]  # The request for the metrics stands there
        self.assertEqual((before["mg_send_queue_bytes"], own), (0, 42))
        wire = self.wire()
        start = b"POST /echo HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 1000
        if self.context:
            wire.until_done(wire.tls.write, start)
        else:
            wire.transmit(start)
        deadline = time.monotonic() + 20
        while (metrics := self.look())["mg_receive_queue_bytes"] < len(start) + own and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(metrics["mg_receive_queue_bytes"], len(start) + own)
        self.assertGreaterEqual(metrics["mg_buffer_bytes"] - before["mg_buffer_bytes"], len(start))
        wire.finish()
        after = self.look_when_alone()
        self.assertEqual([after[f"mg_{name}_bytes"] for name in ("send_queue", "receive_queue")], [0, own])
        self.assertEqual(after["mg_buffer_bytes"], before["mg_buffer_bytes"])


class OverTls(Metrics):
    scheme = "https"

    @classmethod
    def setUpClass(cls):
        authority = Certificate("authority", authority=True)
        certificate = Certificate("localhost", authority, names=["localhost"])
        folder = enter(cls, Folder(ca=authority.pem, cert=certificate.pem, key=certificate.key_pem))
        cls.certificate = folder.path / "cert", folder.path / "key"
        cls.context = ssl.create_default_context(cafile=folder.path / "ca")

    def test_a_client_that_speaks_no_tls(self):
        before = self.look()
        with self.server.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            heard = len(b"".join(iter(lambda: connection.recv(1000), b"")))
        self.check(before, self.look_when_alone(), connections_accepted_total=1, connections_closed_total=1,
                   tls_failed_handshakes_total=1, errors_total=1, received_bytes_total=18, sent_bytes_total=heard)


class Plain(Metrics):
    def test_the_text_is_what_prometheus_reads(self):
        head, body = self.watch.get("/metrics")
        self.assertIn(b"\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n", head)
        families = list(text_string_to_metric_families(body.decode()))
        self.assertGreater(len(families), 20)
        for family in families:
            self.assertIn(family.type, ("counter", "gauge"), family.name)
            self.assertTrue(family.documentation.endswith("."), family.name)
            self.assertEqual(len(family.samples), 1)
            self.assertEqual(family.samples[0].name.endswith("_total"), family.type == "counter", family.name)
            self.assertNotRegex(family.name, "milli|kilo|_(ms|kb)(_|$)")
        self.assertTrue(body.endswith(b"\n"))

    def test_requests_are_those_that_ab_counts(self):
        before = self.look()
        done = subprocess.run(["ab", "-q", "-k", "-n", "20000", "-c", "50", f"{self.server.url}/echo"], capture_output=True,
                              text=True, check=True).stdout
        self.assertRegex(done, r"Complete requests: +20000\n")
        self.assertRegex(done, r"Failed requests: +0\n")
        # HTTP/1.0, and kept: all requests on as many connections as there are clients.
        self.assertRegex(done, r"Keep-Alive requests: +20000\n")
        transferred = int(re.search(r"Total transferred: +(\d+) bytes", done)[1])
        after = self.look_when_alone()
        self.assertEqual(after["mg_http_requests_total"] - before["mg_http_requests_total"], 20000)
        self.assertEqual(after["mg_sent_bytes_total"] - before["mg_sent_bytes_total"], transferred)
        self.assertLessEqual(after["mg_connections_accepted_total"] - before["mg_connections_accepted_total"], 51)
        self.assertEqual((after["mg_send_queue_bytes"], after["mg_buffer_bytes"]), (0, before["mg_buffer_bytes"]))

    def test_requests_are_those_that_wrk_counts(self):
        before = self.look()
        done = subprocess.run(["wrk", "-t2", "-c64", "-d2s", f"{self.server.url}/echo"], capture_output=True, text=True,
                              check=True).stdout
        counted = int(re.search(r"(\d+) requests in", done)[1])
        after = self.look_when_alone()
        # At its end wrk leaves one request per connection alone.
        served = after["mg_http_requests_total"] - before["mg_http_requests_total"]
        self.assertIn(served - counted, range(0, 65))
        self.assertEqual(after["mg_malformed_messages_total"], 0)

    def test_bad_clients_are_counted(self):
        before = self.look()
        with self.server.connect() as connection:
            connection.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
            self.assertEqual(connection.recv(1000), b"")
        self.check(before, self.look_when_alone(), connections_accepted_total=1, connections_closed_total=1,
                   malformed_messages_total=1, received_bytes_total=15)


del Metrics  # What it tests is tested in the classes made of it


if __name__ == "__main__":
    unittest.main()
