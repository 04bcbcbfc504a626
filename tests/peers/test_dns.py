"""The DNS client example against name servers made with dnslib and dnspython, and the multicast DNS example against
python-zeroconf.

What needs the name server port, files of the host or multicast runs in namespaces of its own, in a second process.
"""

import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import dns.flags
import dns.message
import dns.rrset
import zeroconf
from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, A, DNSRecord

from example import EXAMPLES, Server, enter

ISOLATED = "MG_ISOLATED"
ADDRESS = "192.0.2.7"


def lookup(*arguments, timeout=30):
    """Exit status, lines told, lines of complaint."""
    result = subprocess.run([EXAMPLES / "dns_client", *arguments], capture_output=True, text=True, timeout=timeout)
    return result.returncode, sorted(result.stdout.splitlines()), sorted(result.stderr.splitlines())


def reply(query, *records, rcode=0):
    answer = query.reply()
    answer.header.rcode = rcode
    for record in records:
        answer.add_answer(record)
    return answer


def address(query, ip=ADDRESS, ttl=60):
    return reply(query, RR(query.q.qname, QTYPE.A, rdata=A(ip), ttl=ttl)).pack()


class NameServer:
    """Answers each datagram with what `udp(number, query)` yields, each stream's query with the bytes of `tcp(query)`."""

    def __init__(self, udp, tcp=None, host="127.0.0.1", port=0):
        self.udp, self.tcp = udp, tcp
        self.queries = []
        self.socket, self.listener = self.open(socket.AF_INET6 if ":" in host else socket.AF_INET, host, port)
        self.port = self.socket.getsockname()[1]
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.serve_datagrams), threading.Thread(target=self.serve_streams)]

    @staticmethod
    def open(family, host, port):
        """A datagram socket and a listener with the same port."""
        while True:
            datagrams = socket.socket(family, socket.SOCK_DGRAM)
            datagrams.bind((host, port))
            try:
                return datagrams, socket.create_server((host, datagrams.getsockname()[1]), family=family)
            except OSError:
                datagrams.close()
                if port:
                    raise

    def serve_datagrams(self):
        while not self.stopped.is_set():
            if not select.select([self.socket], [], [], 0.05)[0]:
                continue
            data, client = self.socket.recvfrom(4096)
            query = DNSRecord.parse(data)
            self.queries.append((str(query.q.qname), QTYPE[query.q.qtype]))
            for message in self.udp(len(self.queries), query):
                self.socket.sendto(message, client)

    def serve_streams(self):
        while not self.stopped.is_set():
            if not select.select([self.listener], [], [], 0.05)[0]:
                continue
            stream, _ = self.listener.accept()
            with stream:
                stream.settimeout(5)
                size = struct.unpack("!H", stream.recv(2, socket.MSG_WAITALL))[0]
                query = DNSRecord.parse(stream.recv(size, socket.MSG_WAITALL))
                message = self.tcp(query)
                stream.sendall(struct.pack("!H", len(message)) + message)
                stream.recv(1)

    @property
    def option(self):
        return "-s", f"udp://127.0.0.1:{self.port}"

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        self.socket.close()
        self.listener.close()


@unittest.skipIf(ISOLATED in os.environ, "needs no namespace")
class Answers(unittest.TestCase):
    def serve(self, udp, tcp=None):
        return enter(self, NameServer(udp, tcp))

    def check(self, udp, expected=ADDRESS, tcp=None, name="foo.example"):
        server = self.serve(udp, tcp)
        self.assertEqual(lookup(*server.option, name), (0, [f"{name} {expected}"], []))
        return server

    def check_failure(self, udp, text, tcp=None):
        server = self.serve(udp, tcp)
        self.assertEqual(lookup(*server.option, "foo.example"), (1, [], [f"foo.example: {text}"]))
        return server

    def test_an_address(self):
        self.check(lambda n, query: [address(query)])

    def test_a_message_of_dnspython_with_all_sections(self):
        def udp(n, query):
            answer = dns.message.make_response(dns.message.from_wire(bytes(query.pack())), recursion_available=True)
            answer.use_edns(0, payload=1232)
            answer.answer.append(dns.rrset.from_text("foo.example.", 60, "IN", "A", ADDRESS))
            answer.authority.append(dns.rrset.from_text("example.", 60, "IN", "NS", "ns.example."))
            answer.additional.append(dns.rrset.from_text("ns.example.", 60, "IN", "A", "192.0.2.1"))
            yield answer.to_wire()

        self.check(udp)

    def test_many_names_at_once(self):
        def udp(n, query):
            number = int(query.q.qname.label[0][1:])
            yield address(query, f"192.0.2.{number}")

        server = self.serve(udp)
        names = [f"n{i}.example" for i in range(30)]
        status, lines, _ = lookup(*server.option, *names)
        self.assertEqual((status, lines), (0, sorted(f"n{i}.example 192.0.2.{i}" for i in range(30))))
        self.assertEqual(len(server.queries), 30)

    def test_chain_of_aliases_in_the_wrong_order(self):
        def udp(n, query):
            names = ["foo.example", "a.example", "b.other", "c.other"]
            chain = [RR(x, QTYPE.CNAME, rdata=CNAME(y), ttl=60) for x, y in zip(names, names[1:])]
            records = [RR("c.other", QTYPE.A, rdata=A(ADDRESS), ttl=60), *reversed(chain)]
            yield reply(query, *records).pack()

        self.check(udp)

    def test_aliases_in_a_circle(self):
        def udp(n, query):
            yield reply(query, RR("foo.example", QTYPE.CNAME, rdata=CNAME("a.example")),
                        RR("a.example", QTYPE.CNAME, rdata=CNAME("foo.example"))).pack()

        self.check_failure(udp, "foo.example DNS lookup failed")

    def test_an_ip6_address_alone(self):
        def udp(n, query):
            records = [RR(query.q.qname, QTYPE.AAAA, rdata=AAAA("2001:db8::7"), ttl=60)] if query.q.qtype == QTYPE.AAAA else []
            yield reply(query, *records).pack()

        server = self.check(udp, "[2001:db8:0:0:0:0:0:7]")
        self.assertEqual([kind for _, kind in server.queries], ["A", "AAAA"])

    def test_no_such_name(self):
        server = self.check_failure(lambda n, query: [reply(query, rcode=RCODE.NXDOMAIN).pack()], "foo.example DNS lookup failed")
        self.assertEqual(len(server.queries), 1)

    def test_failures_of_the_server(self):
        for rcode in RCODE.SERVFAIL, RCODE.REFUSED, RCODE.NOTIMP, RCODE.FORMERR:
            self.check_failure(lambda n, query, code=rcode: [reply(query, rcode=code).pack()], "foo.example DNS lookup failed")

    def test_messages_that_are_no_answer_come_first(self):
        def udp(n, query):
            good = address(query)
            yield bytes([good[0] ^ 1]) + good[1:]           # another id
            yield address(query, "192.0.2.66")[:30]         # cut
            yield good[:2] + b"\x01" + good[3:]             # a query
            other = DNSRecord.question("bar.example")
            other.header.id = query.header.id
            yield address(other, "192.0.2.66")              # another name
            yield good[:29] + b"\xc0\x1d" + good[31:]       # an owner that points to itself
            yield good[:29] + b"\x01a\xc0\x1d" + good[31:]  # and one that runs in a circle
            yield b""
            yield bytes(65000)
            yield good

        self.check(udp)

    def test_nothing_but_noise(self):
        self.check_failure(lambda n, query: [os.urandom(100), query.pack(), b"\0"], "DNS timeout")

    def test_a_slow_server(self):
        def udp(n, query):
            time.sleep(0.4)
            yield address(query)

        self.check(udp)

    def test_a_lost_query(self):
        server = self.check(lambda n, query: [address(query)] if n > 1 else [])
        self.assertEqual(len(server.queries), 2)

    def test_silence(self):
        server = self.check_failure(lambda n, query: [], "DNS timeout")
        self.assertEqual(len(server.queries), 3)

    def test_a_truncated_answer_is_fetched_over_tcp(self):
        def udp(n, query):
            answer = reply(query)
            answer.header.tc = 1
            yield answer.pack()

        self.check(udp, tcp=address)

        def large(query):
            message = dns.message.make_response(dns.message.from_wire(bytes(query.pack())))
            # dnspython shuffles the addresses of a name.
            names = ["foo.example.", *(f"n{i}.example." for i in range(2900))]
            for i, name in enumerate(names):
                message.answer.append(dns.rrset.from_text(name, 60, "IN", "A", f"192.0.{i // 250}.{i % 250}"))
            wire = message.to_wire()
            self.assertGreater(len(wire), 60000)
            return wire

        self.check(udp, "192.0.0.0", tcp=large)
        self.check_failure(udp, "DNS timeout", tcp=lambda query: os.urandom(1000))


@unittest.skipIf(ISOLATED in os.environ, "starts the namespace")
class Isolated(unittest.TestCase):
    """Runs the tests below as root of a network and a file system of their own."""

    def test_with_host_files_and_multicast(self):
        if subprocess.run(["unshare", "-rmn", "true"], capture_output=True).returncode:
            self.skipTest("no unprivileged namespaces here")
        result = subprocess.run(
            ["unshare", "-rmn", sys.executable, "-m", "unittest", "--verbose", "test_dns"], capture_output=True, text=True,
            cwd=pathlib.Path(__file__).parent, env={**os.environ, ISOLATED: "1"}, timeout=300)
        self.assertEqual(result.returncode, 0, result.stderr)


def run(*command):
    subprocess.run(command, check=True)


@unittest.skipUnless(ISOLATED in os.environ, "only in a namespace")
class HostFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run("ip", "link", "set", "lo", "up")
        run("ip", "route", "add", "192.0.2.0/27", "dev", "lo")
        cls.addClassCleanup(run, "ip", "route", "del", "192.0.2.0/27")
        cls.folder = pathlib.Path(enter(cls, tempfile.TemporaryDirectory()))
        for name in "hosts", "resolv.conf":
            (cls.folder / name).touch()
            run("mount", "--bind", cls.folder / name, f"/etc/{name}")
            cls.addClassCleanup(run, "umount", f"/etc/{name}")

    def configure(self, conf="", hosts=""):
        (self.folder / "resolv.conf").write_text(conf)
        (self.folder / "hosts").write_text(hosts)

    def serve(self, udp=lambda n, query: [address(query)], host="127.0.0.1", tcp=None):
        return enter(self, NameServer(udp, tcp, host, 53))

    def check(self, name, expected=ADDRESS):
        self.assertEqual(lookup(name), (0, [f"{name} {expected}"], []))

    def test_the_table_of_hosts(self):
        self.configure("nameserver 127.0.0.1\n", "192.0.2.20 db db.example # 192.0.2.21 other\n2001:db8::1 six\n")
        server = self.serve()
        self.check("db", "192.0.2.20")
        self.check("DB.example", "192.0.2.20")
        self.check("six", "[2001:db8:0:0:0:0:0:1]")
        self.assertEqual(server.queries, [])
        self.check("other")
        self.assertEqual(server.queries, [("other.", "A")])

    def test_the_server_of_the_configuration(self):
        self.configure("nameserver 127.0.0.53\n")
        self.serve(host="127.0.0.53")
        self.check("foo.example")

    def test_an_ip6_server(self):
        self.configure("nameserver ::1\n")
        self.serve(host="::1")
        self.check("foo.example")

    def test_the_second_server_when_the_first_is_silent_or_refuses_or_is_not_there(self):
        self.configure("nameserver 127.0.0.1\nnameserver 127.0.0.2\n")
        second = self.serve(host="127.0.0.2")
        self.check("foo.example")
        first = self.serve(lambda n, query: [])
        self.check("foo.example")
        first.udp = lambda n, query: [reply(query, rcode=RCODE.SERVFAIL).pack()]
        self.check("foo.example")
        self.assertEqual((len(first.queries), len(second.queries)), (2, 3))
        # No route leads there.
        self.configure("nameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver 127.0.0.2\n")
        self.check("foo.example")

    def test_no_server_can_be_reached(self):
        self.configure("nameserver 192.0.2.53\nnameserver 2001:db8::53\n")
        self.assertEqual(lookup("foo.example"), (1, [], ["foo.example: DNS error"]))
        self.configure("nameserver 127.0.0.1\nnameserver ::1\n")
        self.assertEqual(lookup("foo.example"), (1, [], ["foo.example: DNS timeout"]))

    def test_a_host_without_ip4_gets_ip6_addresses(self):
        def udp(n, query):
            six = query.q.qtype == QTYPE.AAAA
            if six and query.q.qname.label[0] == b"four":
                yield reply(query).pack()
            else:
                yield reply(query, RR(query.q.qname, query.q.qtype, rdata=AAAA("::1") if six else A("192.0.2.200"), ttl=60)).pack()

        self.configure("nameserver 127.0.0.1\nsearch example\n")
        self.serve(udp)
        self.check("both", "[0:0:0:0:0:0:0:1]")
        self.check("four", "192.0.2.200")

    def test_short_names_are_completed(self):
        def udp(n, query):
            if str(query.q.qname) == "db.second.example.":
                yield address(query)
            else:
                yield reply(query, rcode=RCODE.NXDOMAIN).pack()

        self.configure("nameserver 127.0.0.1\nsearch first.example second.example\n")
        server = self.serve(udp)
        self.check("db")
        self.assertEqual(lookup("other"), (1, [], ["other: other DNS lookup failed"]))
        self.assertEqual([name for name, _ in server.queries],
                         ["db.first.example.", "db.second.example.", "other.first.example.", "other.second.example.", "other."])

    def test_large_answers_over_tcp(self):
        def udp(n, query):
            answer = reply(query)
            answer.header.tc = 1
            yield answer.pack()

        self.configure("nameserver 127.0.0.1\n")
        self.serve(udp, tcp=address)
        self.check("foo.example")


@unittest.skipUnless(ISOLATED in os.environ, "only in a namespace")
class Multicast(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run("ip", "link", "set", "lo", "up", "multicast", "on")
        run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")
        cls.addClassCleanup(run, "ip", "address", "del", "192.0.2.1/32", "dev", "lo")
        run("ip", "route", "add", "224.0.0.0/4", "dev", "lo", "src", "192.0.2.1")

    def zeroconf(self):
        zc = zeroconf.Zeroconf(interfaces=["192.0.2.1"])
        self.addCleanup(zc.close)
        return zc

    def responder(self, name="mydevice"):
        return enter(self, Server(EXAMPLES / "mdns_responder", "http://0.0.0.0:0", name))

    def register(self, zc, port=4321):
        service = zeroconf.ServiceInfo("_http._tcp.local.", "printer._http._tcp.local.", port=port, server="printer.local.",
                                       addresses=[socket.inet_aton("192.0.2.99")], properties={"path": "/x"})
        zc.register_service(service)

    def test_zeroconf_finds_the_responder(self):
        responder, zc = self.responder(), self.zeroconf()
        found = threading.Event()
        names = []

        class Listener(zeroconf.ServiceListener):
            def add_service(self, zc, kind, name):
                names.append(name)
                found.set()

            def update_service(self, zc, kind, name):
                pass

            def remove_service(self, zc, kind, name):
                pass

        browser = zeroconf.ServiceBrowser(zc, "_http._tcp.local.", Listener())
        self.addCleanup(browser.cancel)
        self.assertTrue(found.wait(20))
        self.assertEqual(names, ["mydevice._http._tcp.local."])
        info = zc.get_service_info("_http._tcp.local.", names[0], timeout=10000)
        self.assertEqual(info.port, responder.port)
        self.assertEqual(info.parsed_addresses(), ["192.0.2.1"])
        self.assertEqual(info.server, "mydevice.local.")
        self.assertEqual(info.properties, {b"path": b"/"})

    def test_zeroconf_asks_for_the_service_directly(self):
        responder, zc = self.responder("other"), self.zeroconf()
        info = zc.get_service_info("_http._tcp.local.", "other._http._tcp.local.", timeout=10000)
        self.assertEqual((info.port, info.server), (responder.port, "other.local."))

    def test_a_plain_resolver_asks_the_group(self):
        responder = self.responder()
        client = enter(self, socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        client.settimeout(10)
        for name, kind in ("mydevice.local.", "A"), ("_http._tcp.local.", "PTR"), ("mydevice._http._tcp.local.", "SRV"):
            query = dns.message.make_query(name, kind)
            client.sendto(query.to_wire(), ("224.0.0.251", 5353))
            answer = dns.message.from_wire(client.recv(2000))
            self.assertTrue(query.is_response(answer))
            self.assertEqual([str(record.name) for record in answer.answer], [name])
        self.assertEqual(answer.answer[0][0].port, responder.port)

    def test_the_example_finds_a_service_of_zeroconf(self):
        self.register(self.zeroconf())
        responder = self.responder()
        found = b""
        deadline = time.monotonic() + 20
        while b"printer.local is at 192.0.2.99:4321" not in found and time.monotonic() < deadline:
            if select.select([responder.process.stdout], [], [], 1)[0]:
                found += responder.process.stdout.readline()
        self.assertIn(b"printer.local is at 192.0.2.99:4321", found)

    def test_local_names(self):
        self.register(self.zeroconf())
        self.responder()
        # A record is not multicast again within a second (RFC 6762, section 6), and that is more than a lookup waits.
        tries = (lookup("printer.local") for _ in range(10))
        self.assertIn((0, ["printer.local 192.0.2.99"], []), tries)
        self.assertEqual(lookup("mydevice.local"), (0, ["mydevice.local 192.0.2.1"], []))
        self.assertEqual(lookup("MyDevice.LOCAL"), (0, ["MyDevice.LOCAL 192.0.2.1"], []))
        self.assertEqual(lookup("nobody.local"), (1, [], ["nobody.local: mDNS timeout"]))


if __name__ == "__main__":
    unittest.main()
