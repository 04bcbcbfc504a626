"""Date and Connection in the responses of an example that asks for them, as curl and h11 understand them."""

import datetime
import email.utils
import subprocess
import unittest

import h11

from example import Folder, content, enter, example, read_all

LARGE = content(1_000_000)


class Fields(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = enter(cls, Folder(large=LARGE))
        cls.server = enter(cls, example("metrics", folder.path))

    def talk(self, connection, target, *fields, version="1.1"):
        """One request on a socket; the response, its body, and h11's opinion of the connection after it."""
        judge = h11.Connection(h11.CLIENT)
        headers = [("Host", "localhost"), *fields]
        request = judge.send(h11.Request(method="GET", target=target, headers=headers)) + judge.send(h11.EndOfMessage())
        connection.sendall(request.replace(b" HTTP/1.1\r\n", f" HTTP/{version}\r\n".encode(), 1))
        response, body = None, b""
        while True:
            event = judge.next_event()
            if event is h11.NEED_DATA:
                judge.receive_data(connection.recv(1 << 16))
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                self.assertIsInstance(event, h11.EndOfMessage)
                return response, body, judge.their_state

    def test_the_date_is_now(self):
        with self.server.connect() as connection:
            for target in ("/large", "/missing", "/", "/echo"):
                response, _, state = self.talk(connection, target)
                self.assertIs(state, h11.DONE)
                (date,) = [value.decode() for name, value in response.headers if name == b"date"]
                then = email.utils.parsedate_to_datetime(date)
                self.assertEqual(date, email.utils.format_datetime(then, usegmt=True))
                self.assertLess(abs(datetime.datetime.now(datetime.timezone.utc) - then), datetime.timedelta(hours=1))

    def test_a_connection_that_closes_says_so(self):
        for target in ("/large", "/missing", "/", "/echo"):
            with self.server.connect() as connection:
                self.talk(connection, target)
                _, _, state = self.talk(connection, target, ("Connection", "TE, close"))
                self.assertIs(state, h11.MUST_CLOSE)
                self.assertEqual(read_all(connection), b"")

    def test_a_client_of_http_1_0_is_told_when_its_connection_is_kept(self):
        with self.server.connect() as connection:
            for target in ("/large", "/missing", "/", "/echo"):
                response, _, _ = self.talk(connection, target, ("Connection", "keep-alive"), version="1.0")
                self.assertIn((b"connection", b"keep-alive"), list(response.headers))
            response, _, _ = self.talk(connection, "/echo", version="1.0")
            self.assertIn((b"connection", b"close"), list(response.headers))
            self.assertEqual(read_all(connection), b"")

    def test_curl_uses_a_connection_of_http_1_0_again(self):
        for header, connects in (("Connection: keep-alive", "1 0 0"), ("X: y", "1 1 1")):
            urls = [f"{self.server.url}/large"] * 3
            outputs = [word for _ in urls for word in ("-o", "/dev/null")]
            done = subprocess.run(["curl", "-sS", "--http1.0", "-H", header, "-w", "%{num_connects} ", *outputs, *urls],
                                  capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.strip(), connects)


if __name__ == "__main__":
    unittest.main()
