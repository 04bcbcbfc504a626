"""The HTTP client example against Python's http.server, and the timers example."""

import functools
import http.server
import socket
import subprocess
import threading
import unittest

from example import EXAMPLES, Folder, content, enter


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/chunked":
            self.protocol_version = "HTTP/1.1"
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in [b"first,", b"second," * 1000, b"last"]:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/until-close":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ends with the connection" * 1000)
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


class HttpClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.body = content(2_000_000)
        folder = enter(cls, Folder(**{"body.bin": cls.body}))
        handler = functools.partial(Handler, directory=folder.name)
        cls.server = enter(cls, http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        thread = threading.Thread(target=cls.server.serve_forever)
        thread.start()
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(cls.server.shutdown)

    def fetch(self, path):
        url = f"http://127.0.0.1:{self.server.server_address[1]}{path}"
        result = subprocess.run([EXAMPLES / "http_client", url], capture_output=True, timeout=30)
        return result.returncode, result.stdout

    def test_file(self):
        self.assertTrue(self.fetch("/body.bin") == (0, self.body))

    def test_missing_file(self):
        self.assertEqual(self.fetch("/missing")[0], 1)

    def test_chunked_response(self):
        self.assertEqual(self.fetch("/chunked"), (0, b"first," + b"second," * 1000 + b"last"))

    def test_response_that_ends_with_the_connection(self):
        self.assertEqual(self.fetch("/until-close"), (0, b"ends with the connection" * 1000))

    def test_refused_connection(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
            result = subprocess.run([EXAMPLES / "http_client", url], capture_output=True, timeout=30)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"socket error", result.stderr)


class Timers(unittest.TestCase):
    def test_output(self):
        result = subprocess.run([EXAMPLES / "timers"], capture_output=True, text=True, timeout=30, check=True)
        lines = result.stdout.split()
        self.assertEqual((lines[0], lines[-1]), ("started", "done"))
        self.assertEqual(set(lines[1:-1]), {"tick"})
        self.assertIn(len(lines), range(4, 8))


if __name__ == "__main__":
    unittest.main()
