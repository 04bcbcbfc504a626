"""The HTTPS client example against servers made of Python's ssl module and of openssl."""

import http.server
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import unittest

from example import EXAMPLES, Folder, enter
from tls_certs import DAY, NOW, Certificate

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID

CLIENT = EXAMPLES / "https_client"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"hello over TLS\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class HttpsServer:
    """An HTTPS server with the given certificate."""

    def __init__(self, cert, key, configure=lambda context: None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        configure(self.context)
        self.versions, self.reused, self.alpn, self.server_names = [], [], [], []
        self.context.sni_callback = lambda sock, name, _: self.server_names.append(name)
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        while True:
            try:
                plain, address = self.socket.accept()
            except OSError:
                return
            try:
                plain.settimeout(10)
                with self.context.wrap_socket(plain, server_side=True) as connection:
                    self.versions.append(connection.version())
                    self.reused.append(connection.session_reused)
                    self.alpn.append(connection.selected_alpn_protocol())
                    Handler(connection, address, None)
            except (OSError, ssl.SSLError, AttributeError):
                plain.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


def fetch(url, *arguments, environment=None):
    return subprocess.run([CLIENT, url, *map(str, arguments)], capture_output=True, text=True, timeout=30, env=environment)


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = enter(cls, Folder()).path
        cls.ca = Certificate("Test CA", authority=True)
        cls.middle = Certificate("Test Intermediate", cls.ca, authority=True)
        (cls.folder / "ca.pem").write_bytes(cls.ca.pem)

    def serve(self, certificate, configure=lambda context: None):
        return enter(self, HttpsServer(*certificate.write(self.folder, "server"), configure))

    def accepted(self, certificate, host="localhost", ca=None):
        server = self.serve(certificate)
        result = fetch(f"https://{host}:{server.port}/", ca or self.folder / "ca.pem")
        self.assertEqual((result.returncode, result.stdout), (0, "hello over TLS\n"), result.stderr)
        return server

    def refused(self, certificate, text, host="localhost", ca=None):
        server = self.serve(certificate)
        result = fetch(f"https://{host}:{server.port}/", ca or self.folder / "ca.pem")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(text, result.stderr)
        self.assertEqual(server.alpn, [], "no request was read")

    def test_keys_of_every_kind(self):
        for kind in ("P-256", "P-384", "RSA", "Ed25519"):
            with self.subTest(kind):
                server = self.accepted(Certificate("server", self.ca, key=kind, names=["localhost"]))
                self.assertEqual(server.versions, ["TLSv1.3"])

    def test_authorities_with_keys_of_every_kind(self):
        for kind in ("P-256", "P-384", "RSA", "Ed25519"):
            with self.subTest(kind):
                ca = Certificate("Another CA", key=kind, authority=True)
                (self.folder / "another.pem").write_bytes(ca.pem)
                leaf = Certificate("server", ca, names=["localhost"])
                self.accepted(leaf, ca=self.folder / "another.pem")
                # The server's own library does not look at the signature.
                leaf.write(self.folder, "server")
                (self.folder / "server.crt").write_bytes(leaf.damaged())
                server = enter(self, HttpsServer(self.folder / "server.crt", self.folder / "server.key"))
                result = fetch(f"https://localhost:{server.port}/", self.folder / "another.pem")
                self.assertEqual(result.returncode, 1)
                self.assertIn("failed to verify CA", result.stderr)

    def test_short_numbers_in_signatures(self):
        # About one in 256 has a number that begins with a zero byte.
        for _ in range(5000):
            leaf = Certificate("localhost", self.ca, names=["localhost"])
            if min(decode_dss_signature(leaf.certificate.signature)) < 1 << 248:
                break
        else:
            self.fail("no short number in 5000 signatures")
        self.accepted(leaf)

    def test_intermediate_authority(self):
        self.accepted(Certificate("server", self.middle, names=["localhost"]))

    def test_intermediate_authority_missing(self):
        self.refused(Certificate("server", self.middle, names=["localhost"], chain=False), "failed to verify CA: unknown issuer")

    def test_expired(self):
        leaf = Certificate("server", self.ca, names=["localhost"], since=NOW - 9 * DAY, until=NOW - 2 * DAY)
        self.refused(leaf, f"failed to parse certificate: expired {(NOW - 2 * DAY).date()}")

    def test_not_valid_yet(self):
        leaf = Certificate("server", self.ca, names=["localhost"], since=NOW + 2 * DAY)
        self.refused(leaf, f"failed to parse certificate: valid from {(NOW + 2 * DAY).date()}")

    def test_self_signed(self):
        leaf = Certificate("localhost", names=["localhost"])
        self.refused(leaf, "failed to verify CA: unknown issuer")
        (self.folder / "self.pem").write_bytes(leaf.pem)
        self.accepted(leaf, ca=self.folder / "self.pem")

    def test_wrong_name(self):
        self.refused(Certificate("server", self.ca, names=["a.example"]), "failed to verify hostname: localhost is not a.example")

    def test_address_instead_of_name(self):
        leaf = Certificate("server", self.ca, names=["127.0.0.1"])
        self.accepted(leaf, host="127.0.0.1")
        self.refused(leaf, "failed to verify hostname")

    def test_forged_issuer_name(self):
        stranger = Certificate("Test CA", authority=True)
        self.refused(Certificate("server", stranger, names=["localhost"]), "failed to verify CA")

    def test_issued_by_a_certificate_that_is_no_authority(self):
        leaf = Certificate("no authority", self.ca, names=["localhost"])
        leaf.chain = [leaf.certificate]
        leaf.intermediate = True
        self.refused(Certificate("server", leaf, names=["localhost"]), "failed to verify")

    def test_certificate_for_another_purpose(self):
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        self.refused(Certificate("server", self.ca, names=["localhost"], extensions=[(usage, False)]), "for another purpose")

    def test_authority_limited_to_other_names(self):
        limits = x509.NameConstraints(permitted_subtrees=[x509.DNSName("example.org")], excluded_subtrees=None)
        limited = Certificate("Limited", self.ca, authority=True, extensions=[(limits, True)])
        self.refused(Certificate("server", limited, names=["localhost"]), "failed to verify CA")
        # Nor may the name hide in the subject.
        self.refused(Certificate("localhost", limited), "failed to verify")

    def test_versions_and_suites(self):
        leaf = Certificate("server", self.ca, key="RSA", names=["localhost"])
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            def only(context, version=version):
                context.minimum_version = context.maximum_version = version
            server = self.serve(leaf, only)
            result = fetch(f"https://localhost:{server.port}/", self.folder / "ca.pem")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(server.versions, [version.name.replace("_", ".")])
        for suite in ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"):
            def one_suite(context, suite=suite):
                context.maximum_version = ssl.TLSVersion.TLSv1_2
                context.set_ciphers(suite)
            server = self.serve(leaf, one_suite)
            self.assertEqual(fetch(f"https://localhost:{server.port}/", self.folder / "ca.pem").returncode, 0, suite)

    def test_nothing_in_common(self):
        def old(context):
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("AES128-SHA256")
        server = self.serve(Certificate("server", self.ca, key="RSA", names=["localhost"]), old)
        result = fetch(f"https://localhost:{server.port}/", self.folder / "ca.pem")
        self.assertIn("nothing in common", result.stderr)

    def test_names_the_server_and_the_protocol(self):
        leaf = Certificate("server", self.ca, names=["localhost", "127.0.0.1"])
        server = self.serve(leaf, lambda context: context.set_alpn_protocols(["h2", "http/1.1"]))
        for host in ("localhost", "127.0.0.1"):
            self.assertEqual(fetch(f"https://{host}:{server.port}/", self.folder / "ca.pem").returncode, 0)
        self.assertEqual(server.server_names, ["localhost", None])
        self.assertEqual(server.alpn, ["http/1.1", "http/1.1"])

    def test_client_certificate(self):
        def demand(context):
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cafile=str(self.folder / "ca.pem"))
        server = self.serve(Certificate("server", self.ca, names=["localhost"]), demand)
        url = f"https://localhost:{server.port}/"
        own = Certificate("client", self.middle).write(self.folder, "client")
        self.assertEqual(fetch(url, self.folder / "ca.pem", *own).returncode, 0)
        missing = fetch(url, self.folder / "ca.pem")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("wants a certificate", missing.stderr)

    def test_authorities_of_the_system(self):
        server = self.serve(Certificate("server", self.ca, names=["localhost"]))
        url = f"https://localhost:{server.port}/"
        self.assertIn("unknown issuer", fetch(url).stderr)
        trusting = fetch(url, environment={"SSL_CERT_FILE": str(self.folder / "ca.pem")})
        self.assertEqual(trusting.returncode, 0, trusting.stderr)

    def answer_by_hand(self, finish):
        """A server whose ciphertext passes through our hands: `finish` sends the response."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*Certificate("server", self.ca, names=["localhost"]).write(self.folder, "server"))

        def serve(listener):
            plain, _ = listener.accept()
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing, server_side=True)
            request = b""
            with plain:
                while b"\r\n\r\n" not in request:
                    try:
                        tls.do_handshake()
                        request += tls.read(4096)
                    except ssl.SSLWantReadError:
                        plain.sendall(outgoing.read())
                        incoming.write(plain.recv(65536))
                tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
                finish(plain, outgoing.read())

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=serve, args=[listener])
            thread.start()
            result = fetch(f"https://localhost:{listener.getsockname()[1]}/", self.folder / "ca.pem")
            thread.join()
        return result

    def test_response_in_pieces(self):
        def finish(plain, data):
            for byte in data:
                plain.sendall(bytes([byte]))
        self.assertEqual(self.answer_by_hand(finish).stdout, "hello")

    def test_response_cut_off(self):
        result = self.answer_by_hand(lambda plain, data: plain.sendall(data[:-3]))
        self.assertIn("TLS: connection was cut off in a record", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_response_changed_on_the_way(self):
        result = self.answer_by_hand(lambda plain, data: plain.sendall(data[:-1] + bytes([data[-1] ^ 1])))
        self.assertIn("decryption error", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_key_log(self):
        server = self.serve(Certificate("server", self.ca, names=["localhost"]))
        log = self.folder / "keys"
        fetch(f"https://localhost:{server.port}/", self.folder / "ca.pem", environment={"SSLKEYLOGFILE": str(log)})
        self.assertRegex(log.read_text(), r"CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]{64}")

    def test_openssl_server_suites(self):
        cert, key = Certificate("server", self.ca, names=["localhost"]).write(self.folder, "server")
        for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
            with self.subTest(suite), socket.socket() as unused:
                unused.bind(("127.0.0.1", 0))
                port = unused.getsockname()[1]
                unused.close()
                server = subprocess.Popen(["openssl", "s_server", "-accept", str(port), "-cert", cert, "-key", key, "-www",
                                           "-tls1_3", "-ciphersuites", suite],
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                try:
                    line = server.stdout.readline()
                    while line and b"ACCEPT" not in line:
                        line = server.stdout.readline()
                    result = fetch(f"https://localhost:{port}/", self.folder / "ca.pem")
                    self.assertEqual(result.returncode, 0, result.stderr)
                    self.assertRegex(result.stdout, re.escape(suite))
                finally:
                    server.kill()
                    server.wait()
                    server.stdout.close()


if __name__ == "__main__":
    unittest.main()
