"""docs/guide/tls.md"""

import asyncio
import socket
import ssl
import threading

import aiohttp
import pytest
import trustme
from conftest import SECONDS, Loop, poll_until, port_of, wait_for
from cymongoose import (
    MG_EV_ACCEPT,
    MG_EV_CONNECT,
    MG_EV_ERROR,
    MG_EV_HTTP_MSG,
    MG_EV_READ,
    MG_EV_TLS_HS,
    TlsOpts,
)


def pem(issued):
    return b"".join(blob.bytes() for blob in issued.cert_chain_pems), issued.private_key_pem.bytes()


class Server(Loop):
    """Answers "hello" to whatever comes."""

    def __init__(self, opts):
        self.errors, self.handshakes = [], []

        def handler(conn, ev, data):
            if ev == MG_EV_ACCEPT:
                conn.tls_init(opts)
            elif ev == MG_EV_TLS_HS:
                self.handshakes.append(conn.is_tls)
            elif ev == MG_EV_READ:
                conn.send(b"hello")
            elif ev == MG_EV_ERROR:
                self.errors.append(data)

        super().__init__(handler)
        self.port = port_of(self.manager.listen("tcp://127.0.0.1:0"))


def talk(port, context, name="localhost"):
    """What a client of Python's ssl module gets."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as plain:
        with context.wrap_socket(plain, server_hostname=name) as s:
            s.sendall(b"request")
            return s.recv(100)


def trusting(ca, **options):
    context = ssl.create_default_context()
    ca.configure_trust(context)
    for name, value in options.items():
        setattr(context, name, value)
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_server_speaks_both_versions(authority, identity, version):
    with Server(TlsOpts(cert=identity[0], key=identity[1])) as server:
        context = trusting(authority, minimum_version=version, maximum_version=version)
        assert talk(server.port, context) == b"hello"
    assert server.handshakes == [True] and not server.errors


@pytest.mark.parametrize("kind", [trustme.KeyType.RSA, trustme.KeyType.ECDSA])
@pytest.mark.parametrize("as_text", [False, True])
def test_server_with_keys_of_either_kind(authority, kind, as_text):
    """PEM as bytes or as str."""
    cert, key = pem(authority.issue_cert("localhost", key_type=kind))
    if as_text:
        cert, key = cert.decode(), key.decode()
    with Server(TlsOpts(cert=cert, key=key)) as server:
        assert talk(server.port, trusting(authority)) == b"hello"


def test_server_sends_its_chain(authority):
    """An authority below the one that the client knows."""
    cert, key = pem(authority.create_child_ca().issue_cert("localhost"))
    with Server(TlsOpts(cert=cert, key=key)) as server:
        assert talk(server.port, trusting(authority)) == b"hello"


def test_client_of_the_server_checks_the_name(authority, identity):
    with Server(TlsOpts(cert=identity[0], key=identity[1])) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            talk(server.port, trusting(authority), "elsewhere.test")
        wait_for(lambda: server.errors)
        # The server lives on.
        assert talk(server.port, trusting(authority)) == b"hello"


def test_server_meets_a_client_without_tls(identity):
    with Server(TlsOpts(cert=identity[0], key=identity[1])) as server:
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            while data := s.recv(1000):
                assert not data.startswith(b"hello")
        wait_for(lambda: server.errors)
    assert not server.handshakes


def test_mutual_tls_in_the_server(authority, identity):
    """With `ca` a server asks for a certificate of that authority."""
    ours, theirs = authority.issue_cert("client"), trustme.CA().issue_cert("client")
    with Server(TlsOpts(cert=identity[0], key=identity[1], ca=authority.cert_pem.bytes())) as server:
        context = trusting(authority)
        ours.configure_cert(context)
        assert talk(server.port, context) == b"hello"
        without, foreign = trusting(authority), trusting(authority)
        theirs.configure_cert(foreign)
        for stranger in [without, foreign]:
            seen = len(server.errors)
            try:
                assert talk(server.port, stranger) == b""
            except OSError:
                pass  # The alert, or the end of the connection, whichever comes first.
            wait_for(lambda: len(server.errors) > seen)
    assert server.handshakes == [True]


def test_requests_over_aiohttp(authority, identity):
    """The page's HTTPS server."""

    def handler(conn, ev, data):
        if ev == MG_EV_ACCEPT:
            conn.tls_init(TlsOpts(cert=identity[0], key=identity[1]))
        elif ev == MG_EV_HTTP_MSG:
            conn.reply(200, b"Secure Hello!" if conn.is_tls else b"plain")
            conn.drain()

    loop = Loop(handler)
    port = port_of(loop.manager.listen("https://127.0.0.1:0", http=True))

    async def main():
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(authority))) as session:

            async def get():
                async with session.get(f"https://localhost:{port}/") as response:
                    return await response.text()

            assert await asyncio.gather(*(get() for _ in range(20))) == ["Secure Hello!"] * 20

    with loop:
        asyncio.run(main())


# Client


class Peer:
    """A server of Python's ssl module that sends back what it gets, in capitals."""

    def __init__(self, issued, authority=None, version=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(self.context)
        if authority:
            authority.configure_trust(self.context)
            self.context.verify_mode = ssl.CERT_REQUIRED
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        self.names, self.subjects = [], []
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                plain.settimeout(SECONDS)
                with self.context.wrap_socket(plain, server_side=True) as s:
                    self.subjects.append(s.getpeercert() or None)
                    s.sendall(s.recv(100).upper())
            except OSError:
                plain.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def ask(manager, port, opts):
    """The page's client: what it receives, or its error."""
    result = []

    def handler(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.tls_init(opts)
            conn.send(b"question")
        elif ev == MG_EV_READ and conn.recv_len:
            result.append(conn.recv_data())
            conn.close()
        elif ev == MG_EV_ERROR:
            result.append(data)

    manager.connect(f"tcp://127.0.0.1:{port}", handler)
    return poll_until(manager, lambda: result)[0]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_client_trusts_its_authority(manager, authority, version):
    with Peer(authority.issue_cert("localhost"), version=version) as peer:
        assert ask(manager, peer.port, TlsOpts(ca=authority.cert_pem.bytes(), name="localhost")) == b"QUESTION"
    assert peer.names == ["localhost"]


@pytest.mark.parametrize("kind", [trustme.KeyType.RSA, trustme.KeyType.ECDSA])
def test_client_takes_keys_of_either_kind(manager, authority, kind):
    with Peer(authority.issue_cert("localhost", key_type=kind)) as peer:
        assert ask(manager, peer.port, TlsOpts(ca=authority.cert_pem.bytes(), name="localhost")) == b"QUESTION"


def test_client_follows_a_chain(manager, authority):
    with Peer(authority.create_child_ca().issue_cert("localhost")) as peer:
        assert ask(manager, peer.port, TlsOpts(ca=authority.cert_pem.bytes(), name="localhost")) == b"QUESTION"


def test_client_takes_a_bundle(manager, authority):
    bundle = trustme.CA().cert_pem.bytes() + authority.cert_pem.bytes() + trustme.CA().cert_pem.bytes()
    with Peer(authority.issue_cert("localhost")) as peer:
        assert ask(manager, peer.port, TlsOpts(ca=bundle, name="localhost")) == b"QUESTION"


@pytest.mark.parametrize("wrong", ["name", "authority"])
def test_client_refuses(manager, authority, wrong):
    ca = trustme.CA() if wrong == "authority" else authority
    name = "elsewhere.test" if wrong == "name" else "localhost"
    with Peer(authority.issue_cert("localhost")) as peer:
        assert isinstance(ask(manager, peer.port, TlsOpts(ca=ca.cert_pem.bytes(), name=name)), str)
    # Nothing was said to the impostor.
    assert peer.subjects in ([], [None])


def test_client_that_skips_verification(manager):
    with Peer(trustme.CA().issue_cert("elsewhere.test")) as peer:
        assert ask(manager, peer.port, TlsOpts(skip_verification=True)) == b"QUESTION"


def test_client_certificate(manager, authority):
    cert, key = pem(authority.issue_cert("client.test"))
    with Peer(authority.issue_cert("localhost"), authority) as peer:
        opts = TlsOpts(ca=authority.cert_pem.bytes(), cert=cert, key=key, name="localhost")
        assert ask(manager, peer.port, opts) == b"QUESTION"
        assert ("DNS", "client.test") in peer.subjects[0]["subjectAltName"]


def test_client_without_the_certificate_that_is_asked_for(manager, authority):
    with Peer(authority.issue_cert("localhost"), authority) as peer:
        assert ask(manager, peer.port, TlsOpts(ca=authority.cert_pem.bytes(), name="localhost")) != b"QUESTION"
        assert not peer.subjects


@pytest.mark.parametrize("broken", ["cert", "key", "ca"])
def test_broken_pem_is_an_error(manager, authority, identity, broken):
    opts = {"cert": identity[0], "key": identity[1], "ca": authority.cert_pem.bytes(), "name": "localhost"}
    opts[broken] = b"-----BEGIN NONSENSE-----\nAAAA\n-----END NONSENSE-----\n"
    with Peer(authority.issue_cert("localhost")) as peer:
        assert isinstance(ask(manager, peer.port, TlsOpts(**opts)), str)


def test_both_ends_are_ours(manager, authority, identity):
    payload, got = b"0123456789" * 100_000, []

    def server(conn, ev, data):
        if ev == MG_EV_ACCEPT:
            conn.tls_init(TlsOpts(cert=identity[0], key=identity[1]))
        elif ev == MG_EV_READ and conn.recv_len == len(payload):
            conn.send(conn.recv_data())

    def client(conn, ev, data):
        if ev == MG_EV_CONNECT:
            conn.tls_init(TlsOpts(ca=authority.cert_pem.bytes(), name="localhost"))
            conn.send(payload)
        elif ev == MG_EV_READ and conn.recv_len == len(payload):
            got.append(conn.recv_data())
        elif ev == MG_EV_ERROR:
            got.append(data)

    port = port_of(manager.listen("tcp://127.0.0.1:0", server))
    manager.connect(f"tcp://127.0.0.1:{port}", client)
    assert poll_until(manager, lambda: got) == [payload]
