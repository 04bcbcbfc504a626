"""Known attacks, one test each, and what nginx and h11 make of the same bytes.

Expected is what the RFC says. Where it leaves a choice, or where one of the others differs, the test says why that is
fine. What can only be seen from a C program is tested there; ELSEWHERE lists it.
"""

import random
import re
import ssl
import unittest

from example import ROOT, Folder, Server, enter, example, program
from second_opinions import Nginx, h11_outcome, read_until_closed, responses, talk
from tls_certs import Certificate

NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
GET = b"GET /a HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
REFUSED = ["refused"]
BOTH = ["POST /a hello", "GET /next"]
SPLIT = ["POST /a", "GET /smuggled"]

# Attack: file and a piece of text in it.
ELSEWHERE = {
    "DNS: names that point to themselves": ("dns_parse_table.c", "owner points to itself"),
    "DNS: names that point to each other": ("dns_parse_table.c", "two pointers to each other"),
    "DNS: answers of strangers, predictable ids (CVE-2026-2966)": ("own/dns_spoofed_replies.c", "!same_port && !same_id"),
    "mDNS: hostile records (CVE-2026-5245)": ("own/mdns_hostile.c", "A long name, a long service"),
    "MQTT: remaining length of five bytes": ("own/mqtt_hostile_input.c", "length of five bytes"),
    "MQTT: lengths beyond the packet (CVE-2023-2905, CVE-2024-35492)": ("mqtt_parse_table.c", "publish, half a topic length"),
    "WebSocket: continuation without start": ("own/ws_violations.c", "stray continuation"),
    "WebSocket: lengths of 64 bits (CVE-2025-51495)": ("own/ws_violations.c", "2^64 - 1 bytes"),
    "ChaCha20-Poly1305: forged tag (CVE-2026-2968)": ("chacha20_poly1305.c", "forgeries"),
    "WebSocket: frames that are not masked": ("own/ws_violations.c", "WS frame not masked"),
    "TLS: wildcards": ("tls_certificates.c", "wildcard for two labels"),
    "Modbus: lengths that lie": ("modbus_framing.c", "length 255, part of it"),
    "JSON: depth": ("json_deep_and_long.c", "nesting 10,000 deep"),
    "random numbers that are none": ("random_bytes.c", "too rare or too frequent"),
    "HTTP: heads that arrive in drops": ("own/http_slow_head.c", "A head of 2 MB"),
    "HTTP: pipes, devices and directories as files": ("own/special_files.c", "mkfifo"),
    "SSI: includes that include themselves": ("own/ssi.c", "www/self.shtml"),
}


class SecurityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = enter(cls, Folder()).path
        cls.www, cls.up = cls.folder / "www", cls.folder / "up"
        cls.www.mkdir(), cls.up.mkdir(), (cls.www / "sub").mkdir()
        (cls.www / "a.txt").write_text("hello")
        (cls.folder / "secret.txt").write_text("secret")
        cls.server = enter(cls, Server(program(cls, "security_server"), "http://127.0.0.1:0", cls.folder))
        cls.nginx = enter(cls, Nginx(cls.www))

    def tearDown(self):
        self.assertEqual(self.server.get("/alive"), (200, b"GET /alive "))

    def outcome(self, sent, refused):
        """As in second_opinions; refused is only what the server closes without being asked to."""
        answers = talk(self.server.connect(), sent, half_close=not refused)
        return [body.decode().strip() for _, body in answers] + (REFUSED if refused else [])

    def check(self, sent, ours, nginx=None, h11=None):
        """The others agree unless told otherwise."""
        def heads(outcome):
            return [" ".join(line.split()[:2]) for line in outcome]
        self.assertEqual(self.outcome(sent, ours[-1:] == REFUSED), ours)
        self.assertEqual(heads(self.nginx.outcome(sent)), heads(ours) if nginx is None else nginx, "nginx")
        self.assertEqual([line.strip() for line in h11_outcome(sent)], ours if h11 is None else h11, "h11")

    def get(self, target, connect=None):
        """Status and body."""
        return talk((connect or self.server.connect)(), b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")[0]

    def post(self, target, body, headers=b""):
        head = b"POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n" % (target, headers, len(body))
        return talk(self.server.connect(), head + body)[0]


class ContentLength(SecurityTest):
    def test_duplicate(self):
        # RFC 9110, 8.6: a recipient may take equal values for one, as h11 does.
        self.check(POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" + NEXT, REFUSED, h11=BOTH)

    def test_list_of_equal_values(self):
        self.check(POST + b"Content-Length: 5, 5\r\n\r\nhello" + NEXT, REFUSED, h11=BOTH)

    def test_conflicting(self):
        self.check(POST + b"Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello" + NEXT, REFUSED)
        self.check(POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello" + NEXT, REFUSED)

    def test_not_a_number(self):
        for value in (b"+5", b"-5", b"0x5", b"", b"5 5", b"5_0", b"5.0", b"5;", b"five", b"5\x0b", b"\xef\xbc\x95"):
            with self.subTest(value):
                self.check(POST + b"Content-Length: " + value + b"\r\n\r\nhello" + NEXT, REFUSED)

    def test_overflow(self):
        # h11 has no limit: it waits for the whole body.
        for value in (2**63, 2**64, 2**64 + 5, 10**30):
            with self.subTest(value):
                self.check(POST + b"Content-Length: %d\r\n\r\nhello" % value + NEXT, REFUSED, h11=REFUSED if value > 10**20 else [])

    def test_behind_more_fields_than_are_stored(self):
        # The others store any number. A program could not see the field, so it must not count either.
        fields = b"".join(b"X-%d: y\r\n" % i for i in range(40))
        self.check(POST + fields + b"Content-Length: 5\r\n\r\nhello" + NEXT, REFUSED, nginx=["POST /a", "GET /next"], h11=BOTH)

    def test_with_get(self):
        # Allowed (RFC 9110, 9.3.1), and the body is no request.
        self.check(GET + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED + NEXT, ["GET /a " + SMUGGLED.decode().strip(), "GET /next"])

    def test_behind_several_connection_fields(self):
        # They are one list (RFC 9110, 5.3), in which nothing has to do with framing.
        fields = b"Connection: keep-alive\r\nConnection: TE\r\nConnection: Content-Length\r\n"
        self.check(POST + fields + b"Content-Length: 5\r\n\r\nhello" + NEXT, BOTH)

    def test_named_in_connection(self):
        # Hop-by-hop removal is for proxies; the length counts.
        self.check(POST + b"Connection: Content-Length\r\nContent-Length: 5\r\n\r\nhello" + NEXT, BOTH)


class TransferEncoding(SecurityTest):
    def test_with_content_length(self):
        # RFC 9112, 6.3: "ought to be handled as an error". h11 lets Transfer-Encoding win, which is allowed, too.
        for fields in (b"Content-Length: 6\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 6"):
            self.check(POST + fields + b"\r\n\r\n" + LAST_CHUNK + SMUGGLED, REFUSED, h11=SPLIT)

    def test_chunked_in_any_case(self):
        for name in (b"chunked", b"CHUNKED", b"Chunked "):
            self.check(POST + b"Transfer-Encoding: " + name + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + NEXT, BOTH)

    def test_chunked_not_last(self):
        for coding in (b"chunked, identity", b"chunked, gzip", b"chunked, chunked", b"chunked,"):
            with self.subTest(coding):
                self.check(POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n" + LAST_CHUNK + SMUGGLED, REFUSED)

    def test_other_coding_before_chunked(self):
        # Correctly delimited, but no one here decodes gzip: 501 is for that (RFC 9112, 6.1).
        self.check(POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + LAST_CHUNK + SMUGGLED, REFUSED)

    def test_misspelt(self):
        for coding in (b"xchunked", b"chunke", b'"chunked"', b"\x0bchunked", b"chunked\x0b", b"chunked;q=1", b"chun ked", b"", b"identity",
                       b"c\xc4\xa5unked", b"chunked\0"):
            with self.subTest(coding):
                self.check(POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n" + LAST_CHUNK + SMUGGLED, REFUSED)

    def test_twice(self):
        for second in (b"identity", b"chunked"):
            fields = b"Transfer-Encoding: chunked\r\nTransfer-Encoding: " + second
            self.check(POST + fields + b"\r\n\r\n" + LAST_CHUNK + SMUGGLED, REFUSED)

    def test_http_10(self):
        # RFC 9112, 6.1: the framing is faulty, and the connection ends. h11 reads it as chunked, and then closes.
        for connection in (b"", b"Connection: keep-alive\r\n"):
            sent = b"POST /a HTTP/1.0\r\nHost: x\r\n" + connection + b"Transfer-Encoding: chunked\r\n\r\n" + LAST_CHUNK + SMUGGLED
            self.check(sent, REFUSED, h11=["POST /a"])


class HeaderLines(SecurityTest):
    def test_obs_fold(self):
        # RFC 9112, 5.2: refuse, or replace by blanks as h11 does.
        self.check(POST + b"X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello" + NEXT, REFUSED, h11=BOTH)
        self.check(POST + b"Content-Length:\r\n 5\r\n\r\nhello" + NEXT, REFUSED, h11=BOTH)
        self.check(POST + b"Transfer-Encoding:\r\n\tchunked\r\n\r\n" + LAST_CHUNK + SMUGGLED, REFUSED, h11=SPLIT)

    def test_fold_of_the_first_line(self):
        self.check(b"POST /a HTTP/1.1\r\n Host: x\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + NEXT, REFUSED)

    def test_bare_lf(self):
        # RFC 9112, 2.2: a recipient may take it for a line end, and all three do.
        self.check(b"GET /a HTTP/1.1\nHost: x\n\n" + NEXT, ["GET /a", "GET /next"])
        self.check(b"POST /a HTTP/1.1\r\nHost: x\nContent-Length: 5\r\n\r\nhello" + NEXT, BOTH)

    def test_bare_cr(self):
        # RFC 9112, 2.2: invalid, or a blank; no line end.
        self.check(b"POST /a HTTP/1.1\r\nHost: x\rContent-Length: 5\r\n\r\nhello" + NEXT, REFUSED)
        self.check(b"POST /a HTTP/1.1\rX: y\r\nHost: x\r\n\r\n" + NEXT, REFUSED)
        # nginx ignores it before a line end.
        self.check(b"GET /a HTTP/1.1\r\nHost: x\r\r\n\r\n" + NEXT, REFUSED, nginx=["GET /a", "GET /next"])

    def test_space_before_colon(self):
        # RFC 9112, 5.1: refuse.
        self.check(POST + b"Content-Length : 5\r\n\r\nhello" + NEXT, REFUSED)
        self.check(POST + b"Content-Length\t: 5\r\n\r\nhello" + NEXT, REFUSED)
        self.check(POST + b"Transfer-Encoding : chunked\r\n\r\n" + LAST_CHUNK + SMUGGLED, REFUSED)

    def test_nul(self):
        self.check(b"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT, REFUSED)
        self.check(POST + b"X\0: a\r\n\r\n" + NEXT, REFUSED)
        self.check(POST + b"X: a\0b\r\n\r\n" + NEXT, REFUSED)
        self.check(POST + b"Content-Length: 5\0\r\n\r\nhello" + NEXT, REFUSED)

    def test_names_that_are_no_tokens(self):
        # nginx does not look at the bytes of names it does not know.
        self.check(POST + b"X\xff: a\r\n\r\n" + NEXT, REFUSED, nginx=["POST /a", "GET /next"])


class RequestLine(SecurityTest):
    def test_absolute_form(self):
        # RFC 9112, 3.2.2: accepted; the program gets the target as it came, like that of h11, while nginx cuts it.
        self.check(b"GET http://other/a HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT, ["GET http://other/a", "GET /next"], nginx=["GET /a", "GET /next"])

    def test_absolute_form_names_no_file(self):
        with Folder(**{"a.txt": b"hello"}) as folder, example("static_server", folder.path) as server:
            for target in (b"http://x/a.txt", b"http://x/../a.txt", b"http:/a.txt"):
                self.assertEqual(talk(server.connect(), b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")[0][0], 404)

    def test_missing_host(self):
        # RFC 9112, 3.2, demands 400. It is accepted as by the reference, whose programs rely on it: nothing in such a request
        # can be read in two ways, and what a program does without a name is its own choice.
        self.check(b"GET /a HTTP/1.1\r\n\r\n" + NEXT, ["GET /a", "GET /next"], nginx=REFUSED, h11=REFUSED)

    def test_missing_host_in_http_10(self):
        self.check(b"GET /a HTTP/1.0\r\n\r\n", ["GET /a"])

    def test_two_hosts(self):
        # RFC 9112, 3.2.
        self.check(b"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + NEXT, REFUSED)
        self.check(b"GET /a HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n" + NEXT, REFUSED)

    def test_host_that_is_none(self):
        # Left to the program, as by h11: the field is one, and the program sees what a proxy in front saw.
        self.check(b"GET /a HTTP/1.1\r\nHost: x/y@z\r\n\r\n" + NEXT, ["GET /a", "GET /next"], nginx=REFUSED)

    def test_blanks(self):
        # RFC 9112, 3: may be read by words, as nginx does; but a blank in the target is refused.
        self.check(b"GET  /a  HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT, ["GET /a", "GET /next"], h11=REFUSED)
        self.check(b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT, REFUSED)
        self.check(b"GET\t/a\tHTTP/1.1\r\nHost: x\r\n\r\n" + NEXT, REFUSED)

    def test_versions(self):
        # nginx reads any minor version, h11 any major one; no version of HTTP has two digits.
        self.check(b"GET /a HTTP/1.10\r\nHost: x\r\n\r\n" + NEXT, REFUSED, nginx=["GET /a", "GET /next"])
        self.check(b"GET /a XTTP/1.1\r\nHost: x\r\n\r\n" + NEXT, REFUSED)

    def test_empty_lines_before(self):
        # RFC 9112, 2.2: at least one is to be ignored.
        self.check(b"\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT, ["GET /a", "GET /next"], h11=REFUSED)

    def test_upgrade_to_http2_is_not_taken(self):
        fields = b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n"
        self.check(GET + fields + NEXT, ["GET /a", "GET /next"])


class Chunks(SecurityTest):
    def chunk(self, size, rest=b"\r\nhello\r\n0\r\n\r\n"):
        return CHUNKED + size + rest + NEXT

    def test_size_overflow(self):
        # nginx takes up to 2^63 and answers before the body has come; h11 takes up to 20 digits and waits. No request is
        # split off by either.
        for size, nginx in ((2**31, ["POST /a"]), (2**32 + 5, ["POST /a"]), (2**64, REFUSED), (2**64 + 5, REFUSED)):
            with self.subTest(size):
                self.check(self.chunk(b"%x" % size), REFUSED, nginx=nginx, h11=[])

    def test_size_with_leading_zeros(self):
        # RFC 9112, 7.1, sets no limit; h11 allows 20 digits.
        self.check(self.chunk(b"0" * 22 + b"5"), BOTH, h11=REFUSED)

    def test_size_that_is_none(self):
        for size in (b"-5", b"+5", b"0x5", b" 5", b"5_0", b"", b"g", b"5\0", b"5\x0b"):
            with self.subTest(size):
                self.check(self.chunk(size), REFUSED)

    def test_blank_behind_the_size(self):
        # RFC 9112, 7.1, has no room for it; the others are lenient.
        self.check(self.chunk(b"5 "), REFUSED, nginx=["POST /a", "GET /next"], h11=BOTH)

    def test_extensions(self):
        # RFC 9112, 7.1.1: ignored.
        self.check(self.chunk(b"5;a=b"), BOTH)
        self.check(self.chunk(b'5;a="b;c"'), BOTH)
        self.check(self.chunk(b"5", b"\r\nhello\r\n0;last\r\n\r\n"), BOTH)

    def test_line_ends_in_extensions(self):
        # Whoever takes them for the end of the line reads other chunks.
        self.check(self.chunk(b"5;a\nb"), REFUSED)
        self.check(self.chunk(b"5;a\rb"), REFUSED, h11=BOTH)

    def test_long_extensions(self):
        # RFC 9112, 7.1.1: to be limited. nginx and h11 have limits for the whole, beyond this.
        self.check(self.chunk(b"5;" + b"a" * 5000), REFUSED, nginx=["POST /a", "GET /next"], h11=BOTH)

    def test_line_ends(self):
        # RFC 9112, 2.2, allows a bare LF in the head alone. nginx takes it here, too.
        for sent in (b"5\nhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello\r\n0\n\n"):
            with self.subTest(sent):
                self.check(CHUNKED + sent + NEXT, REFUSED, nginx=["POST /a", "GET /next"])

    def test_no_line_end_behind_the_data(self):
        self.check(CHUNKED + b"5\r\nhelloXX0\r\n\r\n" + NEXT, REFUSED)
        self.check(CHUNKED + b"5\r\nhello0\r\n\r\n" + NEXT, REFUSED)

    def test_trailer(self):
        # RFC 9112, 7.1.2: discarded, also what would change the framing.
        self.check(CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n" + NEXT, BOTH)
        self.check(CHUNKED + b"5\r\nhello\r\n0\r\nContent-Length: 40\r\n\r\n" + NEXT, BOTH)
        # h11 reads them as fields, and then refuses this coding.
        self.check(CHUNKED + b"5\r\nhello\r\n0\r\nTransfer-Encoding: x\r\n\r\n" + NEXT, BOTH, h11=REFUSED)


class RandomRequests(SecurityTest):
    """Requests of good parts, damaged at random. What two servers both answer, they must have understood in the same way:
    otherwise one in front of the other can be made to see other requests."""

    FIELDS = (b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 05", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity",
              b"Connection: close", b"Connection: keep-alive", b"Expect: x", b"Upgrade: websocket", b"TE: trailers", b"X: y")
    BODIES = (b"", b"hello", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nX: y\r\n\r\n", b"5;a=b\r\nhello\r\n0\r\n\r\n")
    JUNK = b"\r\n: \t;,0x5a\x0b\x7f-+"

    def request(self, chance):
        lines = [b"%s /a HTTP/1.%d" % (chance.choice((b"GET", b"POST", b"PUT")), chance.randrange(4) > 0), b"Host: x"]
        lines += [chance.choice(self.FIELDS) for _ in range(chance.randrange(4))]
        sent = bytearray(b"\r\n".join([*lines, b"", chance.choice(self.BODIES)]) + NEXT)
        for _ in range(chance.choice((0, 1, 1, 2, 3))):
            at, junk = chance.randrange(len(sent)), chance.choice(self.JUNK)
            replacement = chance.choice((b"", bytes([junk]), bytes([junk, sent[at]]), bytes([sent[at], sent[at]])))
            sent[at:at + 1] = replacement
        return bytes(sent)

    def test_no_other_reading_than_nginx_and_h11(self):
        chance, answered = random.Random(1), 0
        for _ in range(2000):
            sent = self.request(chance)
            ours = self.outcome(sent, [])
            with self.subTest(sent):
                for understood, other in zip(ours, h11_outcome(sent)):
                    if other != "refused":
                        self.assertEqual(understood, other.strip())
                try:
                    nginx = self.nginx.outcome(sent)
                except AttributeError:  # the answer has no head: taken for HTTP/0.9
                    continue
                for understood, other in zip(ours, nginx):
                    if other != "refused":
                        self.assertEqual(understood.split()[:2], other.split())
                answered += bool(ours) and nginx[:1] not in ([], REFUSED)
        self.assertGreater(answered, 500)


class Paths(SecurityTest):
    OUT = (b"../secret.txt", b"sub/../../secret.txt", b"%2e%2e/secret.txt", b"%2e%2e%2fsecret.txt", b"..%2fsecret.txt", b".%2e/secret.txt",
           b"a.txt/../../secret.txt", b"a.txt%2f..%2f..%2fsecret.txt", b"%2E%2E/secret.txt")
    DOUBLE = (b"%252e%252e/secret.txt", b"%252e%252e%252fsecret.txt", b"%25252e%25252e/secret.txt")
    BACKSLASH = (b"..\\secret.txt", b"..%5csecret.txt", b"%2e%2e%5csecret.txt", b"sub\\..\\..\\secret.txt")
    ODD = (b"%c0%ae%c0%ae/secret.txt", b"%e0%80%ae./secret.txt", b"....//secret.txt", b"..;/secret.txt", b"%u002e%u002e/secret.txt",
           b"/etc/passwd", b"%2fetc/passwd", b"../../../../../../../../etc/passwd", b"~root/.profile")

    def nothing_is_found(self, targets, statuses):
        for target in targets:
            with self.subTest(target):
                status, body = self.get(b"/files/" + target)
                self.assertIn(status, statuses)
                self.assertNotRegex(body, b"secret|root:")
                # nginx resolves the dots, and serves what is at the place they lead to, which is not a file.
                self.assertNotRegex(self.get(b"/files/" + target, self.nginx.connect)[1], rb"\Asecret|root:")

    def test_file_inside(self):
        for target in (b"/files/a.txt", b"/files/./a.txt", b"/files/%61.txt", b"/files//a.txt"):
            self.assertEqual(self.get(target), (200, b"hello"))
            self.assertEqual(self.get(target, self.nginx.connect), (200, b"hello"))

    def test_encoded(self):
        self.nothing_is_found(self.OUT, {400})

    def test_double_encoded(self):
        self.nothing_is_found(self.DOUBLE, {404})

    def test_backslash(self):
        self.nothing_is_found(self.BACKSLASH, {400})

    def test_other_spellings(self):
        self.nothing_is_found(self.ODD, {400, 404})

    def test_nul(self):
        for target in (b"/files/a.txt%00", b"/files/a.txt%00.html", b"/files/%00", b"/files/sub%00/"):
            self.assertEqual(self.get(target)[0], 400)
            self.assertEqual(self.get(target, self.nginx.connect)[0], 400)

    def test_prefix_without_slash(self):
        # "/files" is no prefix of "/files../secret.txt": the alias mistake of nginx configurations.
        self.assertEqual(self.get(b"/files../secret.txt"), (200, b"GET /files../secret.txt "))

    def test_symbolic_links_are_followed(self):
        # The documented policy, and that of nginx: who can make links in the folder can also read what they lead to.
        (self.www / "link").symlink_to("../secret.txt")
        self.addCleanup((self.www / "link").unlink)
        self.assertEqual(self.get(b"/files/link"), (200, b"secret"))
        self.assertEqual(self.get(b"/files/link", self.nginx.connect), (200, b"secret"))

    def test_redirect_does_not_leave_the_server(self):
        (self.www / "sub" / "evil.com").mkdir()
        self.addCleanup((self.www / "sub" / "evil.com").rmdir)
        with example("static_server", self.www / "sub") as server:
            connection = server.connect()
            connection.sendall(b"GET //evil.com HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            with connection:
                head = read_until_closed(connection)
        self.assertRegex(head, rb"\r\nLocation: /evil\.com/\r\n")


class Includes(SecurityTest):
    def include(self, argument):
        (self.www / "page.shtml").write_bytes(b"[<!--#include " + argument + b" -->]")
        self.addCleanup((self.www / "page.shtml").unlink, missing_ok=True)
        return self.get(b"/files/page.shtml")

    def test_file_inside(self):
        self.assertEqual(self.include(b'file="a.txt"'), (200, b"[hello]"))

    def test_traversal(self):
        for path in (b"../secret.txt", b"sub/../../secret.txt", b"..\\secret.txt", b"%2e%2e/secret.txt", b"/etc/passwd", b"/../secret.txt",
                     b"../../../../../../etc/passwd"):
            for kind in (b"file", b"virtual"):
                with self.subTest(path, kind=kind):
                    self.assertEqual(self.include(kind + b'="' + path + b'"'), (200, b"[]"))

    def test_commands_are_not_run(self):
        (self.www / "exec.shtml").write_bytes(b'<!--#exec cmd="id" -->')
        self.addCleanup((self.www / "exec.shtml").unlink)
        self.assertNotIn(b"uid=", self.get(b"/files/exec.shtml")[1])


class Pages(SecurityTest):
    def test_listing_is_escaped(self):
        folder = self.www / "<b>&"
        folder.mkdir()
        self.addCleanup(folder.rmdir)
        names = ("<img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)", "' x='", "javascript:alert(1)", "&lt;", "\n<script>")
        for name in names:
            (folder / name).write_text("")
            self.addCleanup((folder / name).unlink)
        status, body = self.get(b"/files/%3cb%3e%26/")
        self.assertEqual(status, 200)
        body = re.sub(rb"(?s)<script>\ndocument.*?</script>", b"", body)
        for raw in (b"<b>", b"<img", b"<script", b'"javascript:'):
            self.assertNotIn(raw, body)
        # What an attribute contains, it contains to its end.
        for value in re.findall(rb'href="([^"]*)"', body):
            self.assertRegex(value, rb"\A[\w.%#/~*()!-]*\Z")
        self.assertIn(b"&lt;img src=x", body)
        self.assertIn(b"&amp;lt;", body)

    def test_errors_do_not_repeat_the_target(self):
        for target in (b"/files/<script>alert(1)</script>", b"/files/%3cscript%3ealert(1)", b"/files/../<script>", b"/files/%zz<script>"):
            with self.subTest(target):
                self.assertNotIn(b"script", self.get(target)[1])

    def test_upload_errors_are_plain_text(self):
        # They repeat the name of the file.
        connection = self.server.connect()
        with connection:
            connection.sendall(b"POST /upload?file=%3Cscript%3E/../x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
            answer = read_until_closed(connection)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "))
        self.assertIn(b"\r\nContent-Type: text/plain\r\n", answer)

    def test_redirects_cannot_be_split(self):
        connection = self.server.connect()
        with connection:
            connection.sendall(b"GET /files/sub?x%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = read_until_closed(connection)
        self.assertTrue(answer.startswith(b"HTTP/1.1 301 "))
        self.assertNotIn(b"\r\nSet-Cookie", answer)


class Uploads(SecurityTest):
    def upload(self, name):
        answer = self.post(b"/upload?offset=0&file=" + name, b"data")
        stored = sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file() and path.read_bytes() == b"data")
        for path in stored:
            (self.folder / path).unlink()
        return answer[0], stored

    def test_name_inside(self):
        self.assertEqual(self.upload(b"ok.txt"), (200, ["up/ok.txt"]))

    def test_names_that_leave_the_folder(self):
        for name in (b"../evil", b"%2e%2e/evil", b"..%2fevil", b"sub/../../evil", b"..%5cevil", b"~evil", b"..", b"."):
            with self.subTest(name):
                self.assertEqual(self.upload(name), (400, []))

    def test_absolute_names_are_inside(self):
        self.assertEqual(self.upload(b"%2fevil"), (200, ["up/evil"]))

    def test_double_encoding_is_not_decoded_twice(self):
        self.assertEqual(self.upload(b"%252e%252e%252fevil"), (200, ["up/%2e%2e%2fevil"]))

    def test_nul(self):
        self.assertEqual(self.upload(b"evil.sh%00.txt"), (400, []))

    def test_streamed(self):
        with Folder() as folder, example("static_server", folder.path) as server:
            for target in (b"/../evil", b"/sub/../../evil", b"/..\\evil", b"/~evil"):
                with self.subTest(target):
                    head = b"PUT " + target + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
                    self.assertEqual(talk(server.connect(), head + b"data")[0], (400, b"bad name\n"))
            self.assertEqual(list(folder.path.rglob("*")), [])


class Multipart(SecurityTest):
    FIELD = b'Content-Disposition: form-data; name="a"; filename="f"\r\n\r\n'
    EVIL = b'Content-Disposition: form-data; name="evil"\r\n\r\n'

    def form(self, body):
        return self.post(b"/form", body, b"Content-Type: multipart/form-data; boundary=xyz\r\n")[1]

    def test_boundary_that_another_begins_with(self):
        self.assertEqual(self.form(b"--xyz\r\n" + self.FIELD + b"1\r\n--xyzzy\r\n2\r\n--xyz--\r\n"), b"(a,f,1\r\n--xyzzy\r\n2)")

    def test_boundary_without_line_end_before(self):
        self.assertEqual(self.form(b"--xyz\r\n" + self.FIELD + b"1--xyz\r\n2\r\n--xyz--\r\n"), b"(a,f,1--xyz\r\n2)")

    def test_boundary_behind_a_bare_lf(self):
        self.assertEqual(self.form(b"--xyz\r\n" + self.FIELD + b"1\n--xyz\n" + self.EVIL + b"2\r\n--xyz--\r\n"),
                         b"(a,f,1\n--xyz\n" + self.EVIL + b"2)")

    def test_parts_behind_the_last_boundary(self):
        self.assertEqual(self.form(b"--xyz\r\n" + self.FIELD + b"1\r\n--xyz--\r\n--xyz\r\n" + self.EVIL + b"2\r\n--xyz--\r\n"), b"(a,f,1)")

    def test_parts_before_the_first_boundary(self):
        self.assertEqual(self.form(self.EVIL + b"2\r\n--xyz\r\n" + self.FIELD + b"1\r\n--xyz--\r\n"), b"(a,f,1)")

    def test_part_without_end(self):
        self.assertEqual(self.form(b"--xyz\r\n" + self.FIELD + b"1"), b"")

    def test_parameters_inside_quotes(self):
        field = b'Content-Disposition: form-data; name="a; filename=evil"; filename="good"\r\n\r\n'
        self.assertEqual(self.form(b"--xyz\r\n" + field + b"1\r\n--xyz--\r\n"), b"(a; filename=evil,good,1)")


class Advisories(SecurityTest):
    """Logic errors of mongoose that were published from 2022 to 2026; see also ELSEWHERE.

    ADVISORIES.md has them all, with the tests.
    """

    def test_cve_2022_25299_upload_names(self):
        """mg_http_upload() wrote files outside of its folder."""
        self.assertEqual(self.post(b"/upload?file=../evil&offset=0", b"data")[0], 400)
        self.assertFalse((self.folder / "evil").exists())

    def test_cve_2023_34188_negative_length(self):
        """A Content-Length of minus the length of the request was parsed again and again."""
        sent = b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -%d\r\n\r\n"
        for length in (1, len(sent % 10)):
            self.check(sent % length, REFUSED)

    def test_issue_2275_header_without_name(self):
        """The fields behind a field without name were not seen."""
        self.check(POST + b":\r\nContent-Length: 5\r\n\r\nhello" + NEXT, REFUSED)
        self.check(POST + b": x\r\nContent-Length: 5\r\n\r\nhello" + NEXT, REFUSED)

    def test_issue_2293_header_without_colon(self):
        """A blank was enough behind the name of a field."""
        self.check(POST + b"Content-Length 5\r\n\r\nhello" + NEXT, REFUSED)

    def test_issue_2763_differing_lengths(self):
        self.check(POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + NEXT, REFUSED)

    def test_cve_2026_73256_transfer_encoding_in_http_10(self):
        sent = b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n" + LAST_CHUNK + SMUGGLED
        self.check(sent, REFUSED, h11=["POST /a"])

    def test_cve_2026_73257_length_and_transfer_encoding(self):
        self.check(POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + LAST_CHUNK + SMUGGLED, REFUSED, h11=SPLIT)

    def test_cve_2026_5246_signatures_of_p384_keys(self):
        """They were not verified, so that anyone could be any client."""
        ca, namesake = (Certificate("Test CA", key="P-384", authority=True) for _ in range(2))
        (self.folder / "ca.pem").write_bytes(ca.pem)
        own = Certificate("server", ca, key="P-384", names=["localhost"]).write(self.folder, "own")
        server = enter(self, example("https_server", *own, self.folder / "ca.pem", scheme="https"))

        def get(issuer, kind):
            context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
            context.load_cert_chain(*Certificate("client", issuer, key=kind).write(self.folder, "client"))
            with context.wrap_socket(server.connect(), server_hostname="localhost") as connection:
                connection.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return connection.recv(1000)

        for kind in ("P-256", "P-384"):
            with self.subTest(kind):
                self.assertTrue(get(ca, kind).startswith(b"HTTP/1.1 200 "))
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    get(namesake, kind)

    def test_every_advisory_has_its_test(self):
        """The tests that ADVISORIES.md names are there."""
        sources = "".join(path.read_text() for path in (ROOT / "tests" / "peers").glob("test_*.py"))
        named = re.findall(r"`([^`]+)`", (ROOT / "tests" / "peers" / "ADVISORIES.md").read_text())
        self.assertGreater(len(named), 10)
        for name in named:
            with self.subTest(name):
                if name.endswith(".c"):
                    self.assertTrue((ROOT / "tests" / "c" / name).exists())
                else:
                    self.assertIn(f"def {name}(", sources)

    def test_what_is_tested_elsewhere_is_there(self):
        for attack, (name, text) in ELSEWHERE.items():
            with self.subTest(attack):
                self.assertIn(text, (ROOT / "tests" / "c" / name).read_text())


if __name__ == "__main__":
    unittest.main()
