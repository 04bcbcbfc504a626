"""curl against the example servers."""

import subprocess
import unittest

from example import Folder, content, enter, example

BIG = 10_000_000


def curl(*arguments, data=None):
    result = subprocess.run(["curl", "-sS", "--max-time", "30", *map(str, arguments)], input=data, capture_output=True)
    if result.returncode:
        raise AssertionError(f"curl {arguments}: exit status {result.returncode}, {result.stderr.decode()}")
    return result.stdout


class StaticServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.big = content(BIG)
        cls.folder = enter(cls, Folder(**{"big.bin": cls.big, "a b.txt": b"spaces\n", "small.txt": b"0123456789"}))
        (cls.folder.path / "sub").mkdir()
        (cls.folder.path / "sub" / "index.html").write_bytes(b"<h1>index</h1>")
        cls.server = enter(cls, example("static_server", cls.folder.path))
        cls.url = cls.server.url

    def test_get(self):
        self.assertEqual(curl(f"{self.url}/small.txt"), b"0123456789")
        self.assertEqual(curl(f"{self.url}/a%20b.txt"), b"spaces\n")
        self.assertEqual(curl("--http1.0", f"{self.url}/small.txt"), b"0123456789")

    def test_head(self):
        head = curl("-I", f"{self.url}/big.bin").decode()
        self.assertTrue(head.startswith("HTTP/1.1 200 OK\r\n"))
        self.assertIn(f"Content-Length: {BIG}\r\n", head)

    def test_status_codes(self):
        status = lambda *arguments: curl("-o", "/dev/null", "-w", "%{http_code}", *arguments)
        self.assertEqual(status(f"{self.url}/missing"), b"404")
        self.assertEqual(status(f"{self.url}/sub"), b"301")
        self.assertEqual(status("--path-as-is", f"{self.url}/../small.txt"), b"400")
        self.assertEqual(status("--path-as-is", f"{self.url}/%2e%2e/small.txt"), b"400")
        etag = next(line for line in curl("-I", f"{self.url}/small.txt").decode().split("\r\n") if line.startswith("Etag:"))
        self.assertEqual(status("-H", "If-None-Match: " + etag.split(": ")[1], f"{self.url}/small.txt"), b"304")

    def test_redirect_to_index(self):
        self.assertEqual(curl("-L", f"{self.url}/sub"), b"<h1>index</h1>")

    def test_listing(self):
        listing = curl(f"{self.url}/").decode()
        self.assertIn('href="small.txt"', listing)
        self.assertIn(">a b.txt<", listing)

    def test_ranges(self):
        self.assertEqual(curl("-r", "2-4", f"{self.url}/small.txt"), b"234")
        self.assertEqual(curl("-r", "7-", f"{self.url}/small.txt"), b"789")
        self.assertEqual(curl("-r", "5000000-5099999", f"{self.url}/big.bin"), self.big[5_000_000:5_100_000])
        self.assertEqual(curl("-o", "/dev/null", "-w", "%{http_code}", "-r", "20-", f"{self.url}/small.txt"), b"416")

    def test_keep_alive_uses_one_connection(self):
        urls = [f"{self.url}/small.txt", f"{self.url}/big.bin", f"{self.url}/missing", f"{self.url}/small.txt", f"{self.url}/sub/"]
        arguments = [part for url in urls for part in ("-o", "/dev/null", url)]
        counts = curl("-w", "%{num_connects} %{http_code}\n", *arguments).decode().split("\n")
        self.assertEqual(counts[:-1], ["1 200", "0 200", "0 404", "0 200", "0 200"])

    def test_connection_close(self):
        counts = curl("-w", "%{num_connects}\n", "-H", "Connection: close", "-o", "/dev/null", f"{self.url}/small.txt",
                      "-o", "/dev/null", f"{self.url}/big.bin", "-o", "/dev/null", f"{self.url}/small.txt")
        self.assertEqual(counts, b"1\n1\n1\n")

    def test_large_download(self):
        self.assertTrue(curl(f"{self.url}/big.bin") == self.big)

    def test_large_upload(self):
        data = content(BIG, seed=9)
        reply = curl("-T", "-", "-H", f"Content-Length: {BIG}", "-H", "Transfer-Encoding:", f"{self.url}/uploaded.bin", data=data)
        self.assertEqual(reply, b"stored\n")
        self.assertTrue((self.folder.path / "uploaded.bin").read_bytes() == data)
        self.assertTrue(curl(f"{self.url}/uploaded.bin") == data)

    def test_upload_that_waits_for_100_continue(self):
        data = content(2_000_000, seed=5)
        reply = curl("-T", "-", "-H", "Content-Length: 2000000", "-H", "Transfer-Encoding:", "-H", "Expect: 100-continue",
                     f"{self.url}/expected.bin", data=data)
        self.assertEqual(reply, b"stored\n")
        self.assertTrue((self.folder.path / "expected.bin").read_bytes() == data)

    def test_upload_outside_the_root_is_refused(self):
        status = curl("--path-as-is", "-T", "-", "-H", "Content-Length: 4", "-H", "Transfer-Encoding:", "-o", "/dev/null",
                      "-w", "%{http_code}", f"{self.url}/../escaped.txt", data=b"data")
        self.assertEqual(status, b"400")
        self.assertFalse((self.folder.path.parent / "escaped.txt").exists())


class RestApi(unittest.TestCase):
    def setUp(self):
        self.server = enter(self, example("rest_api"))
        self.url = f"{self.server.url}/notes"

    def test_create_read_update_delete(self):
        self.assertEqual(curl(self.url), b"[]\n")
        self.assertEqual(curl("-d", 'say "hi"', self.url), b'{"id":1,"text":"say \\"hi\\""}\n')
        self.assertEqual(curl("-d", "second", self.url), b'{"id":2,"text":"second"}\n')
        self.assertEqual(curl(self.url), b"[1,2]\n")
        self.assertEqual(curl("-X", "PUT", "-d", "changed", f"{self.url}/1"), b'{"id":1,"text":"changed"}\n')
        self.assertEqual(curl(f"{self.url}/1"), b'{"id":1,"text":"changed"}\n')
        curl("-X", "DELETE", f"{self.url}/1")
        self.assertEqual(curl(self.url), b"[2]\n")
        self.assertEqual(curl("-o", "/dev/null", "-w", "%{http_code}", f"{self.url}/1"), b"404")

    def test_chunked_request(self):
        text = b"0123456789abcdef" * 6250
        reply = curl("-X", "POST", "-H", "Transfer-Encoding: chunked", "-H", "Expect:", "--data-binary", "@-", self.url, data=text)
        self.assertEqual(reply, b'{"id":1,"text":"' + text + b'"}\n')

    def test_connection_is_reused_after_chunked_answers(self):
        counts = curl("-w", "%{num_connects}\n", "-o", "/dev/null", self.url, "-o", "/dev/null", self.url, "-o", "/dev/null", self.url)
        self.assertEqual(counts, b"1\n0\n0\n")


class Hello(unittest.TestCase):
    def test_greeting(self):
        with example("hello") as server:
            self.assertEqual(curl(f"{server.url}/there"), b"Hello, you asked for /there\n")
            self.assertEqual(curl("-d", "ignored", f"{server.url}/post"), b"Hello, you asked for /post\n")


if __name__ == "__main__":
    unittest.main()
