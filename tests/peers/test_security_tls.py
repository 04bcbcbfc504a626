"""Attacks on TLS: names that only look right, keys of wrong sizes, lengths that lie, texts that are no PEM."""

import pathlib
import socket
import ssl
import subprocess
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tlslite.api import HandshakeSettings, TLSConnection, X509, X509CertChain, parsePEMKey

import test_tls_client
from example import EXAMPLES, Folder, Server, enter, read_all
from tls_certs import Certificate

REQUEST = b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x80 | (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag]) + length + body


def elements(data):
    """The elements of a SEQUENCE, each whole."""
    def element(at):
        size, head = data[at + 1], 2
        if size & 0x80:
            head += size & 0x7f
            size = int.from_bytes(data[at + 2:at + head])
        return at + head, at + head + size
    at, end = element(0)
    found = []
    while at < end:
        _, behind = element(at)
        found.append(data[at:behind])
        at = behind
    return found


def with_key(certificate, issuer, key_info):
    """The certificate with other bytes for its public key, signed again."""
    parts = elements(certificate.certificate.tbs_certificate_bytes)
    algorithm = elements(certificate.certificate.public_bytes(serialization.Encoding.DER))[1]
    parts[6] = key_info
    tbs = der(0x30, *parts)
    return der(0x30, tbs, algorithm, der(0x03, b"\0", issuer.key.sign(tbs, ec.ECDSA(hashes.SHA256()))))


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = enter(cls, Folder()).path
        cls.ca = Certificate("Test CA", authority=True)
        (cls.folder / "ca.pem").write_bytes(cls.ca.pem)
        cls.own = Certificate("server", cls.ca, names=["localhost"]).write(cls.folder, "own")
        cls.server = enter(cls, Server(EXAMPLES / "https_server", "https://127.0.0.1:0", *cls.own, stderr=subprocess.DEVNULL))
        cls.strict = enter(cls, Server(
            EXAMPLES / "https_server", "https://127.0.0.1:0", *cls.own, cls.folder / "ca.pem", stderr=subprocess.DEVNULL))

    def tearDown(self):
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        context.load_cert_chain(*Certificate("client", self.ca).write(self.folder, "client"))
        for server in (self.server, self.strict):
            with context.wrap_socket(server.connect(), server_hostname="localhost") as connection:
                connection.sendall(REQUEST)
                self.assertIn(b"asked for /x", read_all(connection))


class Names(TlsTest):
    def fetch(self, *names, subject="server"):
        """Whether our client, which looks for localhost, takes a certificate with these names."""
        certificate = Certificate(subject, self.ca, names=names)
        server = enter(self, test_tls_client.HttpsServer(*certificate.write(self.folder, "named")))
        return test_tls_client.fetch(f"https://localhost:{server.port}/", self.folder / "ca.pem").returncode == 0

    def test_nul_in_a_name(self):
        self.assertTrue(self.fetch("localhost"))
        for name in ("localhost\0.evil.example", "localhost\0", "\0localhost"):
            with self.subTest(name):
                self.assertFalse(self.fetch(name))

    def test_nul_in_the_subject(self):
        self.assertFalse(self.fetch(subject="localhost\0.evil.example"))
        self.assertFalse(self.fetch("evil.example", subject="localhost"))

    def test_names_that_contain_the_right_one(self):
        for name in ("localhost.evil.example", "evil-localhost", "localhos", "localhostt", "localhost localhost", " localhost"):
            with self.subTest(name):
                self.assertFalse(self.fetch(name))

    def test_wildcards(self):
        # RFC 9525, 6.3: one whole label at the left, and none that stands for everything.
        for name in ("*", "*.", "*ocalhost", "local*", "l*t", "**", "*.localhost"):
            with self.subTest(name):
                self.assertFalse(self.fetch(name))

    def test_any_case_and_one_of_several(self):
        self.assertTrue(self.fetch("LOCALHOST"))
        self.assertTrue(self.fetch("a.example", "*.b.example", "localhost"))


class Hello(TlsTest):
    def hello(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        return outgoing.read()

    def answer(self, sent):
        with self.server.connect() as plain:
            try:
                plain.sendall(sent)
                plain.shutdown(socket.SHUT_WR)
                return read_all(plain)
            except ConnectionError:
                return b""

    def test_lengths_that_lie(self):
        """Every byte of a ClientHello replaced: whatever was a length is one no more. An answer is an alert, or a ServerHello
        where the byte did not matter."""
        hello = self.hello()
        self.assertEqual(self.answer(hello)[:1], b"\x16")
        for at in range(len(hello)):
            for byte in {0, 0xff, hello[at] ^ 0x80, (hello[at] + 1) & 0xff} - {hello[at]}:
                answer = self.answer(hello[:at] + bytes([byte]) + hello[at + 1:])
                self.assertIn(answer[:1], (b"\x15", b"\x16", b""), f"byte {at} is {byte}")

    def test_cut_at_every_byte(self):
        hello = self.hello()
        for size in range(len(hello)):
            self.assertIn(self.answer(hello[:size])[:1], (b"\x15", b""), f"cut to {size}")


class Keys(TlsTest):
    def present(self, certificate_der, key_pem):
        """What a server that wants client certificates answers to a client with this one."""
        chain = X509CertChain([X509().parse(Certificate("x", self.ca).pem.decode())])
        chain.x509List[0].bytes = bytearray(certificate_der)
        settings = HandshakeSettings()
        settings.minVersion = settings.maxVersion = (3, 4)
        settings.certificate_compression_send = settings.certificate_compression_receive = []
        with self.strict.connect() as plain:
            connection = TLSConnection(plain)
            try:
                connection.handshakeClientCert(chain, parsePEMKey(key_pem.decode(), private=True), settings=settings)
                connection.sendall(REQUEST)
                return bytes(connection.recv(1000))
            except Exception:
                return b""

    def test_cve_2026_5244_public_keys_of_wrong_sizes(self):
        """A public key larger than its place was copied over what stood behind it, before anything was verified."""
        leaf = Certificate("client", self.ca)
        good = elements(leaf.certificate.tbs_certificate_bytes)[6]
        self.assertIn(b"asked for /x", self.present(with_key(leaf, self.ca, good), leaf.key_pem))
        curve, bits = elements(good)
        rsa = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
        points = [b"", b"\4", b"\4" + bytes(63), b"\4" + bytes(64), b"\4" + b"\xff" * 64, b"\4" + bytes(65), b"\4" + bytes(96), bits[3:] + bytes(1),
                  bits[3:-1], b"\2" + bits[4:36], b"\4" + bytes(1000), b"\4" + bytes(60000)]
        moduli = [b"", b"\0", b"\1", b"\x80" + bytes(31), b"\xff" * 513, b"\xff" * 4096, b"\xff" * 60000]
        evil = [der(0x30, curve, der(3, b"\0", point)) for point in points]
        evil += [der(0x30, rsa, der(3, b"\0", der(0x30, der(2, modulus), der(2, b"\1\0\1")))) for modulus in moduli]
        evil += [der(0x30, curve), der(0x30), der(0x30, curve, der(4, bits)), der(0x30, rsa, bits), b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\0\0"]
        for key_info in evil:
            with self.subTest(key_info[:100]):
                self.assertEqual(self.present(with_key(leaf, self.ca, key_info), leaf.key_pem), b"")

    def test_certificates_that_are_none(self):
        leaf = Certificate("client", self.ca)
        whole = leaf.certificate.public_bytes(serialization.Encoding.DER)
        cut = [whole[:size] for size in range(0, len(whole), 29)]
        for data in (*cut, bytes(100), b"\x30\x84\xff\xff\xff\xff" + whole, b"\x30" * 5000, whole + b"\0", der(0x30, whole)):
            self.assertEqual(self.present(data, leaf.key_pem), b"")


class Pem(TlsTest):
    def start(self, cert, key):
        """How a server with these files answers a client: the request, or nothing. It must start and stop in any case."""
        (self.folder / "x.crt").write_bytes(cert), (self.folder / "x.key").write_bytes(key)
        with Server(EXAMPLES / "https_server", "https://127.0.0.1:0", self.folder / "x.crt", self.folder / "x.key",
                    stderr=subprocess.DEVNULL) as server:
            context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
            try:
                with context.wrap_socket(server.connect(), server_hostname="localhost") as connection:
                    connection.sendall(REQUEST)
                    return read_all(connection)
            except OSError:
                return b""

    def test_cve_2024_42385_pem_with_unexpected_characters(self):
        """What stood between the lines of a certificate led writes astray."""
        cert, key = (pathlib.Path(path).read_bytes() for path in self.own)
        self.assertIn(b"asked for /x", self.start(cert, key))
        lines = cert.split(b"\n")
        for junk in (b"!", b"\0", b"-", b"-----", b"=", b"\xff" * 5000, b"-----END CERTIFICATE-----", lines[0]):
            with self.subTest(junk[:30]):
                self.assertEqual(self.start(b"\n".join([*lines[:3], junk, *lines[3:]]), key), b"")

    def test_cve_2024_42392_texts_without_end(self):
        """A text with unexpected characters was read for ever."""
        cert, key = (pathlib.Path(path).read_bytes() for path in self.own)
        begin = b"-----BEGIN CERTIFICATE-----\n"
        for broken in (begin[:-1], begin, begin[:10], begin * 1000, cert[:-30], cert[:60],
                       cert.replace(b"-----END", b"-----FIN"), b"\n" * 10000, b"x" * 10000):
            with self.subTest(broken[:40]):
                self.assertEqual(self.start(broken, key), b"")
                self.assertEqual(self.start(cert, broken), b"")


if __name__ == "__main__":
    unittest.main()
