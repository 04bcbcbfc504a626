"""The HTTPS server example against curl, openssl, Python's ssl module, aiohttp, and peers that misbehave."""

import asyncio
import concurrent.futures
import http.client
import socket
import ssl
import subprocess
import time
import unittest

import aiohttp
from example import EXAMPLES, Folder, Server, enter, raise_descriptor_limit, read_all
from tls_certs import DAY, NOW, Certificate
from tlslite.api import HandshakeSettings, TLSConnection
from tlslite.constants import KeyUpdateMessageType
from tlslite.messages import Alert, ApplicationData

REQUEST = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"


def https_server(*arguments):
    # It reports every peer that misbehaves.
    return Server(EXAMPLES / "https_server", "https://127.0.0.1:0", *arguments, stderr=subprocess.DEVNULL)


class RawMessage:
    """A record with any content."""

    def __init__(self, content_type, data):
        self.contentType = content_type
        self.data = bytearray(data)

    def write(self):
        return self.data


class ServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise_descriptor_limit(4096)
        cls.folder = enter(cls, Folder()).path
        cls.ca = Certificate("Test CA", authority=True)
        cls.middle = Certificate("Test Intermediate", cls.ca, authority=True)
        cls.ca_file = cls.folder / "ca.pem"
        cls.ca_file.write_bytes(cls.ca.pem)
        cls.own = Certificate("server", cls.middle, names=["localhost", "127.0.0.1"]).write(cls.folder, "own")
        cls.server = enter(cls, https_server(*cls.own))

    def context(self, configure=lambda context: None):
        context = ssl.create_default_context(cafile=str(self.ca_file))
        configure(context)
        return context

    def connect(self, server=None, context=None, **arguments):
        plain = (server or self.server).connect()
        return (context or self.context()).wrap_socket(plain, server_hostname="localhost", **arguments)

    def get(self, connection):
        connection.sendall(REQUEST)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.read()

    def works(self):
        with self.connect() as connection:
            self.assertEqual(self.get(connection), b"Hello, you asked for /x\n")

    def test_curl(self):
        url = f"https://localhost:{self.server.port}/x"
        for options in (["--tlsv1.3"], ["--tls-max", "1.2"]):
            result = subprocess.run(["curl", "--silent", "--show-error", "--cacert", self.ca_file, *options, url], capture_output=True)
            self.assertEqual(result.stdout, b"Hello, you asked for /x\n", result.stderr)

    def test_every_suite_of_openssl(self):
        rsa = Certificate("server", self.ca, key="RSA", names=["localhost"]).write(self.folder, "rsa")
        with https_server(*rsa) as rsa_server:
            for server, options, suite in (
                    (self.server, ["-tls1_3", "-ciphersuites"], "TLS_AES_128_GCM_SHA256"),
                    (self.server, ["-tls1_3", "-ciphersuites"], "TLS_AES_256_GCM_SHA384"),
                    (self.server, ["-tls1_3", "-ciphersuites"], "TLS_CHACHA20_POLY1305_SHA256"),
                    (self.server, ["-tls1_2", "-cipher"], "ECDHE-ECDSA-AES128-GCM-SHA256"),
                    (self.server, ["-tls1_2", "-cipher"], "ECDHE-ECDSA-AES256-GCM-SHA384"),
                    (self.server, ["-tls1_2", "-cipher"], "ECDHE-ECDSA-CHACHA20-POLY1305"),
                    (rsa_server, ["-tls1_2", "-cipher"], "ECDHE-RSA-AES128-GCM-SHA256"),
                    (rsa_server, ["-tls1_2", "-cipher"], "ECDHE-RSA-AES256-GCM-SHA384"),
                    (rsa_server, ["-tls1_2", "-cipher"], "ECDHE-RSA-CHACHA20-POLY1305")):
                with self.subTest(suite):
                    result = subprocess.run(
                        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", self.ca_file,
                         "-verify_return_error", "-verify_hostname", "localhost", *options, suite],
                        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
                    self.assertIn(f"Cipher is {suite}", result.stdout)
                    self.assertIn("Verification: OK", result.stdout)

    def test_groups(self):
        for group in ("X25519", "P-256", "P-384"):
            result = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-groups", group],
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
            self.assertIn("New, TLSv1.3", result.stdout, group)

    def test_old_versions_are_refused(self):
        def old(context):
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError):
            self.connect(context=self.context(old)).close()

    def test_sessions_are_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            def only(context, version=version):
                context.maximum_version = version
            context = self.context(only)
            with self.connect(context=context) as first:
                self.get(first)
                session = first.session
                self.assertFalse(first.session_reused)
            with self.connect(context=context, session=session) as second:
                self.get(second)
                self.assertTrue(second.session_reused, version)

    def test_protocol_choice(self):
        for offered, chosen in ((["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (["mqtt"], None), ([], None)):
            def offer(context, offered=offered):
                if offered:
                    context.set_alpn_protocols(offered)
            with self.connect(context=self.context(offer)) as connection:
                self.assertEqual(connection.selected_alpn_protocol(), chosen)
                self.get(connection)

    def test_aiohttp(self):
        async def run():
            async with aiohttp.ClientSession() as session:
                async def post(i):
                    body = bytes([65 + i % 26]) * (1000 * i + 1)
                    url = f"https://localhost:{self.server.port}/echo"
                    async with session.post(url, data=body, ssl=self.context()) as response:
                        return await response.read() == body
                return await asyncio.gather(*(post(i) for i in range(40)))
        self.assertTrue(all(asyncio.run(run())))

    def test_large_bodies(self):
        body = bytes(range(1, 256)) * 10000
        connection = http.client.HTTPSConnection("localhost", self.server.port, context=self.context(), timeout=30)
        connection.request("POST", "/echo", body)
        self.assertEqual(connection.getresponse().read(), body)
        connection.close()

    def test_many_requests_in_a_record_and_one_in_many(self):
        with self.connect() as connection:
            connection.sendall(REQUEST * 200)
            received = b""
            while received.count(b"Hello, you asked for /x\n") < 200:
                received += connection.recv(65536)
        with self.connect() as connection:
            for i in range(len(REQUEST)):
                connection.send(REQUEST[i:i + 1])
            self.assertIn(b"200 OK", connection.recv(65536))

    def handshake_by_hand(self, limit=None, context=None):
        """A connection whose bytes pass through our hands: handshake in pieces of one byte."""
        plain = self.server.connect()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = (context or self.context()).wrap_bio(incoming, outgoing, server_hostname="localhost")
        while True:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            for byte in outgoing.read():
                plain.send(bytes([byte]))
            if done:
                return plain, tls, incoming, outgoing
            incoming.write(plain.recv(65536))

    def test_one_byte_per_segment(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            def only(context, version=version):
                context.maximum_version = version
            plain, tls, incoming, outgoing = self.handshake_by_hand(context=self.context(only))
            with plain:
                tls.write(REQUEST)
                for byte in outgoing.read():
                    plain.send(bytes([byte]))
                received = b""
                while b"asked for /x" not in received:
                    incoming.write(plain.recv(65536))
                    try:
                        received += tls.read(65536)
                    except ssl.SSLWantReadError:
                        pass

    def test_close_notify_is_answered(self):
        plain, tls, incoming, outgoing = self.handshake_by_hand()
        with plain:
            try:
                tls.unwrap()
            except ssl.SSLWantReadError:
                pass
            plain.sendall(outgoing.read())
            incoming.write(read_all(plain))
            tls.unwrap()

    def test_the_end_of_a_response_is_announced(self):
        with self.connect(suppress_ragged_eofs=False) as connection:
            connection.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            while connection.recv(65536):
                pass

    def test_cut_off_in_a_record(self):
        plain, tls, _, outgoing = self.handshake_by_hand()
        tls.write(REQUEST)
        record = outgoing.read()
        plain.sendall(record[:len(record) - 5])
        plain.shutdown(socket.SHUT_WR)
        read_all(plain)
        plain.close()
        self.works()

    def test_changed_record(self):
        plain, tls, _, outgoing = self.handshake_by_hand()
        with plain:
            tls.write(REQUEST)
            record = bytearray(outgoing.read())
            record[-1] ^= 1
            plain.sendall(record)
            self.assertEqual(len(read_all(plain)) > 0, True, "an alert")
        self.works()

    def test_half_closed_client_gets_its_response(self):
        plain, tls, incoming, outgoing = self.handshake_by_hand()
        with plain:
            tls.write(REQUEST)
            plain.sendall(outgoing.read())
            plain.shutdown(socket.SHUT_WR)
            incoming.write(read_all(plain))
            received = b""
            try:
                while chunk := tls.read(65536):
                    received += chunk
            except ssl.SSLError:
                pass
            self.assertIn(b"asked for /x", received)

    def test_garbage(self):
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x80\x2e\x01\x03\x01", bytes(100), b"\xff" * 20000,
                     b"\x16\x03\x01\xff\xff" + bytes(70000)):
            with self.server.connect() as plain:
                try:
                    plain.sendall(data)
                    answer = read_all(plain)
                except ConnectionError:
                    continue
                # An alert, or nothing.
                self.assertIn(answer[:1], (b"\x15", b""))
        self.works()

    def test_leaving_at_every_point_of_the_handshake(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        hello = outgoing.read()
        for n in range(0, len(hello), 7):
            for reset in (False, True):
                plain = self.server.connect()
                plain.sendall(hello[:n])
                if reset:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                plain.close()
        self.works()

    def test_many_handshakes_at_once(self):
        before = self.server.descriptors()
        context = self.context()
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            connections = list(pool.map(lambda _: self.connect(context=context), range(1000)))
        self.assertGreaterEqual(self.server.descriptors(), 1000)
        for connection in connections[::100]:
            self.assertEqual(self.get(connection), b"Hello, you asked for /x\n")
        for connection in connections:
            connection.close()
        self.assertTrue(self.server.wait_for_descriptors(before + 5))

    def test_silent_clients_do_not_keep_others_waiting(self):
        silent = [self.server.connect() for _ in range(50)]
        for plain in silent[::2]:
            plain.send(b"\x16\x03\x01")
        self.works()
        for plain in silent:
            plain.close()

    def test_idle_connections_cost_no_time(self):
        plain, tls, _, outgoing = self.handshake_by_hand()
        with plain:
            tls.write(REQUEST)
            plain.sendall(outgoing.read()[:20])
            before = self.ticks()
            time.sleep(0.5)
            self.assertLess(self.ticks() - before, 10)

    def ticks(self):
        with open(f"/proc/{self.server.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def tlslite(self, record_size=16384, version=(3, 4)):
        """A connection of another implementation, which lets us do what we must not."""
        connection = TLSConnection(self.server.connect())
        connection.recordSize = record_size
        settings = HandshakeSettings()
        settings.maxVersion = version
        connection.handshakeClientCert(settings=settings, serverName="localhost")
        return connection

    def test_handshake_messages_in_small_records(self):
        for version in ((3, 3), (3, 4)):
            for size in (1, 50):
                connection = self.tlslite(size, version)
                connection.write(REQUEST)
                self.assertIn(b"200 OK", connection.read(max=100))
                connection.close()
                connection.sock.close()

    def test_keys_are_changed_when_the_peer_does(self):
        connection = self.tlslite()
        for _ in range(5):
            for result in connection.send_keyupdate_request(KeyUpdateMessageType.update_requested):
                self.assertIn(result, (0, 1))
            connection.write(REQUEST)
            received = b""
            while b"asked for /x" not in received:
                received += bytes(connection.read(max=1000))
        connection.close()
        connection.sock.close()

    def test_records_that_must_not_come(self):
        for what, message in (("hello", ApplicationData().create(bytearray(b"x"))),
                              ("empty alert", Alert().create(255, 3)),
                              ("unknown handshake message", RawMessage(22, b"\x63\0\0\1x")),
                              ("half a handshake message", RawMessage(22, b"\x18\0\0\1")),
                              ("endless handshake message", RawMessage(22, b"\x18\xff\xff\xff" + bytes(1000))),
                              ("unknown content", RawMessage(99, b"x")),
                              ("change cipher spec", RawMessage(20, b"\1")),
                              ("oversized", RawMessage(23, bytes(16385)))):
            with self.subTest(what):
                connection = self.tlslite()
                try:
                    for result in connection._recordLayer.sendRecord(message):
                        self.assertIn(result, (0, 1))
                except OSError:
                    pass
                connection.sock.close()
        self.works()

    def test_renegotiation_is_refused(self):
        process = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-tls1_2"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = process.communicate(b"R\n", timeout=30)
        self.assertNotIn(b"RENEGOTIATING\ndepth", out)
        self.works()


class MutualTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = enter(cls, Folder()).path
        cls.ca = Certificate("Test CA", authority=True)
        cls.middle = Certificate("Test Intermediate", cls.ca, authority=True)
        cls.ca_file = cls.folder / "ca.pem"
        cls.ca_file.write_bytes(cls.ca.pem)
        own = Certificate("server", cls.ca, names=["localhost"]).write(cls.folder, "own")
        cls.server = enter(cls, https_server(*own, cls.ca_file))

    def get(self, certificate, version=ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=str(self.ca_file))
        context.maximum_version = version
        if certificate:
            context.load_cert_chain(*certificate.write(self.folder, "client"))
        with context.wrap_socket(self.server.connect(), server_hostname="localhost") as connection:
            connection.sendall(REQUEST)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return response.read()

    def test_right_certificates(self):
        for kind in ("P-256", "P-384", "RSA", "Ed25519"):
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                certificate = Certificate("client", self.middle, key=kind)
                self.assertIn(b"asked for /x", self.get(certificate, version), (kind, version))

    def test_wrong_certificates(self):
        stranger = Certificate("Other CA", authority=True)
        namesake = Certificate("Test CA", authority=True)
        for what, certificate in (("none", None), ("stranger", Certificate("client", stranger)), ("self-signed", Certificate("client")),
                                  ("expired", Certificate("client", self.ca, since=NOW - 9 * DAY, until=NOW - 2 * DAY)),
                                  ("not yet", Certificate("client", self.ca, since=NOW + 2 * DAY)),
                                  ("namesake", Certificate("client", namesake)),
                                  ("chain missing", Certificate("client", self.middle, chain=False))):
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with self.subTest(what, version=version), self.assertRaises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
                    self.get(certificate, version)


if __name__ == "__main__":
    unittest.main()
