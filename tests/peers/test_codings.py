"""Content codings: what clients decode is what there was, whoever decodes, and whatever stands between."""

import asyncio
import gzip
import hashlib
import json
import os
import random
import re
import subprocess
import unittest
import zlib

import aiohttp
import brotli
import zstandard

from example import Folder, enter, example
from test_proxies import Proxy

BODIES = int(os.environ.get("MG_CODED_BODIES", "300"))
AT_ONCE = 16

DECODERS = {
    None: bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}
ACCEPTS = [
    "", "identity", "gzip", "br", "zstd", "gzip, deflate, br, zstd", "x-gzip;q=0.3", "gzip;q=0", "*", "*;q=0", "br;q=0.5, gzip;q=0.9",
    "identity;q=1, gzip;q=0.5", "deflate, gzip;q=1.0, *;q=0.5", "gzip;q=bad", ",,gzip,,",
]
CACHING_NGINX = """
daemon off; master_process off; error_log {folder}/error.log; pid {folder}/pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=all:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{backend}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Accept-Encoding $http_accept_encoding;
      proxy_cache all; proxy_cache_valid 200 1h; proxy_cache_revalidate on; add_header X-Cache $upstream_cache_status;
    }}
  }}
}}
"""


def words(choice, size):
    text = " ".join(f"{choice.getrandbits(choice.choice([4, 12, 40])):x}" for _ in range(size // 4 + 1))
    return text.encode()[:size]


def decode(response, body):
    return DECODERS[response.headers.get("Content-Encoding")](body)


def raw_session():
    """One that leaves bodies as they are, and adds no Accept-Encoding of its own."""
    return aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding"],
                                 connector=aiohttp.TCPConnector(limit=AT_ONCE))


def responses(data, count):
    """Heads and bodies of so many responses that follow each other."""
    for _ in range(count):
        head, _, data = data.partition(b"\r\n\r\n")
        head = head.decode().lower()
        body = b""
        if "transfer-encoding: chunked" in head:
            while True:
                size, _, data = data.partition(b"\r\n")
                size = int(size, 16)
                body, data = body + data[:size], data[size + 2:]
                if size == 0:
                    break
        else:
            size = int(re.search(r"content-length: (\d+)", head)[1])
            body, data = data[:size], data[size:]
        yield head, body
    assert data == b"", data[:100]


class Codings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        choice = random.Random(4)
        files = {"empty.txt": b"", "short.txt": b"short\n", "page.html": words(choice, 100_000), "data.json": words(choice, 3_000_000),
                 "noise.txt": choice.randbytes(1_000_000), "image.png": choice.randbytes(50_000), "style.css": words(choice, 200_000),
                 "wrong.js.gz": b"not gzip at all"}
        for size in (1023, 1024, 16383, 16384, 16385, 65536, 65537):
            files[f"{size}.txt"] = words(choice, size)
        cls.files = {name: data for name, data in files.items() if not name.endswith(".gz")}
        coded = {}
        for name in ("page.html", "image.png"):
            coded |= {f"{name}.br": brotli.compress(files[name], quality=5), f"{name}.gz": gzip.compress(files[name]),
                      f"{name}.zst": zstandard.compress(files[name])}
        coded["style.css.zst"] = zstandard.compress(files["style.css"])
        cls.folder = enter(cls, Folder(**files, **coded)).path
        cls.server = enter(cls, example("compression", cls.folder))

    def test_curl(self):
        for name, data in self.files.items():
            with self.subTest(name):
                command = ["curl", "-sS", "--compressed", f"{self.server.url}/{name}"]
                self.assertEqual(subprocess.run(command, capture_output=True, check=True).stdout, data)
        # Range and continuation, without codings.
        command = ["curl", "-sS", "-r", "1000-1999", f"{self.server.url}/page.html"]
        self.assertEqual(subprocess.run(command, capture_output=True, check=True).stdout, self.files["page.html"][1000:2000])

    def test_which_coding(self):
        wanted = {
            ("page.html", "gzip, deflate, br, zstd"): "br", ("page.html", "gzip, zstd"): "zstd", ("page.html", "gzip"): "gzip",
            ("page.html", ""): None, ("image.png", "br"): "br", ("image.png", "identity"): None,
            ("style.css", "gzip, br, zstd"): "zstd", ("style.css", "gzip, br"): "gzip", ("data.json", "gzip, br, zstd"): "gzip",
            ("data.json", "br"): None, ("short.txt", "gzip"): None, ("empty.txt", "gzip"): None, ("1023.txt", "gzip"): None,
            ("1024.txt", "gzip"): "gzip", ("noise.txt", "gzip"): "gzip",
        }

        async def ask():
            async with raw_session() as session:
                for (name, accept), coding in wanted.items():
                    async with session.get(f"{self.server.url}/{name}", headers={"Accept-Encoding": accept}) as response:
                        with self.subTest(name=name, accept=accept):
                            self.assertEqual(response.headers.get("Content-Encoding"), coding)
                            self.assertEqual(response.headers["Vary"], "Accept-Encoding")
                            self.assertEqual(decode(response, await response.read()), self.files[name])
        asyncio.run(ask())

    def test_aiohttp_decodes(self):
        async def ask():
            async with aiohttp.ClientSession() as session:
                for name, data in self.files.items():
                    for accept in ("gzip", "gzip, deflate", "gzip, deflate, br"):
                        async with session.get(f"{self.server.url}/{name}", headers={"Accept-Encoding": accept}) as response:
                            self.assertEqual(await response.read(), data, name)
        asyncio.run(ask())

    def test_node_decodes(self):
        script = """
          const { createHash } = require("node:crypto");
          (async () => {
            const out = {};
            for (const name of JSON.parse(process.argv[2])) {
              const response = await fetch(process.argv[1] + "/" + name);
              const body = Buffer.from(await response.arrayBuffer());
              out[name] = [response.status, createHash("sha256").update(body).digest("hex"), response.headers.get("content-encoding")];
            }
            console.log(JSON.stringify(out));
          })();
        """
        command = ["node", "-e", script, self.server.url, json.dumps(list(self.files))]
        out = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
        for name, data in self.files.items():
            self.assertEqual(out[name][:2], [200, hashlib.sha256(data).hexdigest()], name)
        self.assertIn(out["page.html"][2], ("br", "gzip"))
        self.assertEqual(out["data.json"][2], "gzip")

    def test_random_bodies(self):
        """Replies and files of any length, for clients of any taste, at once."""
        seeds = iter(range(BODIES))
        seen = set()

        async def client(session):
            for seed in seeds:
                choice = random.Random(seed)
                accept = choice.choice(ACCEPTS)
                headers = {"Accept-Encoding": accept}
                if choice.random() < 0.5:
                    body = words(choice, int(choice.choice([10, 1030, 5000, 70_000, 900_000]) * choice.random()))
                    request = session.post(f"{self.server.url}/api/echo", data=body, headers=headers)
                else:
                    name = choice.choice(list(self.files))
                    body = self.files[name]
                    request = session.get(f"{self.server.url}/{name}", headers=headers)
                async with request as response:
                    got = decode(response, await response.read())
                    self.assertEqual((response.status, got), (200, body), seed)
                    seen.add(response.headers.get("Content-Encoding"))

        async def load():
            async with raw_session() as session:
                await asyncio.gather(*(client(session) for _ in range(AT_ONCE)))
        asyncio.run(load())
        self.assertEqual(seen, set(DECODERS))

    def test_pipelined_requests_of_different_tastes(self):
        choice = random.Random(7)
        names = ["page.html", "data.json", "short.txt", "16385.txt"]
        asked = [(choice.choice(names), choice.choice(["gzip", "br", "zstd", "identity", None])) for _ in range(60)]
        request = b""
        for name, accept in asked:
            accept = f"Accept-Encoding: {accept}\r\n" if accept else ""
            request += f"GET /{name} HTTP/1.1\r\nHost: a\r\n{accept}\r\n".encode()
        request += b"GET /api/numbers?n=500 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        with self.server.connect() as connection:
            connection.sendall(request)
            data = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        answers = list(responses(data, len(asked) + 1))
        for (name, accept), (head, body) in zip(asked, answers):
            coding = re.search(r"content-encoding: (\w+)", head)
            coding = coding and coding[1]
            self.assertIn(coding, (None, accept))
            self.assertEqual(DECODERS[coding](body), self.files[name])
        self.assertEqual(len(json.loads(answers[-1][1])), 500)

    def test_validators(self):
        async def ask():
            async with raw_session() as session:
                async def get(path, accept, tag=None):
                    headers = {"Accept-Encoding": accept} | ({"If-None-Match": tag} if tag else {})
                    async with session.get(self.server.url + path, headers=headers) as response:
                        await response.read()
                        self.assertEqual(response.headers["Vary"], "Accept-Encoding")
                        return response.status, response.headers["ETag"]
                for path in ("/page.html", "/data.json", "/api/numbers?n=300"):
                    tags = {}
                    for accept in ("identity", "gzip", "br", "zstd"):
                        status, tags[accept] = await get(path, accept)
                        self.assertEqual(status, 200)
                        self.assertEqual(await get(path, accept, tags[accept]), (304, tags[accept]))
                    if path == "/page.html":
                        self.assertEqual(len(set(tags.values())), 4)
                        self.assertEqual(await get(path, "br", tags["gzip"]), (200, tags["br"]))
                    self.assertEqual(await get(path, "gzip", f'"x", {tags["gzip"]}'), (304, tags["gzip"]))
        asyncio.run(ask())

    def test_a_cache_keeps_the_forms_apart(self):
        proxy = enter(self, Proxy(CACHING_NGINX, ["nginx", "-p", "{folder}", "-c", "{configuration}"], backend=self.server.port))

        async def ask():
            async with raw_session() as session:
                for state in ("MISS", "HIT", "HIT"):
                    for name in ("page.html", "data.json", "style.css", "short.txt"):
                        codings = set()
                        for accept in ("gzip", "identity", "br", "zstd", "gzip, br"):
                            url = f"http://127.0.0.1:{proxy.port}/{name}"
                            async with session.get(url, headers={"Accept-Encoding": accept}) as response:
                                coding = response.headers.get("Content-Encoding")
                                codings.add(coding)
                                self.assertTrue(coding is None or coding in accept)
                                self.assertEqual(decode(response, await response.read()), self.files[name])
                                self.assertEqual(response.headers["X-Cache"], state, (name, accept))
                        self.assertEqual(len(codings), {"page.html": 4, "data.json": 2, "style.css": 3, "short.txt": 1}[name])
                url = f"http://127.0.0.1:{proxy.port}/api/numbers?n=1000"
                for accept in ("gzip", "identity") * 3:
                    async with session.get(url, headers={"Accept-Encoding": accept}) as response:
                        self.assertEqual(len(json.loads(decode(response, await response.read()))), 1000)
                        self.assertEqual(response.headers.get("Content-Encoding"), "gzip" if accept == "gzip" else None)
        asyncio.run(ask())

    def test_clients_that_leave(self):
        before = self.server.descriptors()
        choice = random.Random(3)
        for _ in range(60):
            with self.server.connect() as connection:
                name = choice.choice(["data.json", "noise.txt", "page.html"])
                connection.sendall(f"GET /{name} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode())
                left = choice.choice([0, 1, 1000, 100_000, 500_000])
                while left > 0 and (data := connection.recv(min(left, 1 << 16))):
                    left -= len(data)
        self.assertTrue(self.server.wait_for_descriptors(before))
        self.assertEqual(self.server.get("/short.txt"), (200, b"short\n"))

    def test_clients_that_do_not_read(self):
        """Each costs a compressor and little more, and gives it back; what they read at last is whole."""
        count = 20
        self.server.get("/data.json")
        before = self.server.resident_kilobytes()
        connections = [enter(self, self.server.connect()) for _ in range(count)]
        for connection in connections:
            connection.sendall(b"GET /data.json HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n")
        # Others are served meanwhile.
        for _ in range(20):
            self.assertEqual(self.server.get("/short.txt"), (200, b"short\n"))
        self.assertLess(self.server.resident_kilobytes() - before, count * 700)
        for connection in connections:
            (head, body), = responses(b"".join(iter(lambda: connection.recv(1 << 16), b"")), 1)
            self.assertIn("content-encoding: gzip", head)
            self.assertEqual(gzip.decompress(body), self.files["data.json"])


class Levels(unittest.TestCase):
    def test_levels(self):
        text = words(random.Random(1), 300_000)
        folder = enter(self, Folder(**{"a.txt": text})).path
        sizes = []
        for level in range(0, 10):
            with example("compression", folder, str(level), "1") as server:
                command = ["curl", "-sS", "-H", "Accept-Encoding: gzip", f"{server.url}/a.txt"]
                body = subprocess.run(command, capture_output=True, check=True).stdout
                sizes.append(len(body))
                self.assertEqual(zlib.decompress(body, 31) if level else body, text)
        self.assertEqual(sizes[0], len(text))
        self.assertGreater(sizes[1], sizes[9])

    def test_bad_level(self):
        with self.assertRaises(AssertionError):
            example("compression", ".", "10")


if __name__ == "__main__":
    unittest.main()
