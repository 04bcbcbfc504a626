"""The dashboard example with curl, http.client and websockets; firmware from curl and from http.server."""

import base64
import http.client
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from example import ROOT, Server, content, enter, example

LIB = pathlib.Path(os.environ.get("MG_LIB", ROOT / "target" / "release"))
SECONDS = 20
PAGE = ROOT / "c_examples" / "device_dashboard.html"


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Session:
    """A logged-in client on one kept connection."""

    def __init__(self, server, user="admin", password="admin"):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        self.headers = basic(user, password)
        self.status, _ = self.call("login")
        cookie = self.answer.getheader("Set-Cookie") or ""
        self.headers = {"Cookie": cookie.split(";")[0]}

    def call(self, path, values=None, headers=None):
        body = None if values is None else json.dumps(values)
        self.connection.request("GET" if body is None else "POST", "/api/" + path, body, headers or self.headers)
        self.answer = self.connection.getresponse()
        text = self.answer.read()
        is_json = self.answer.status == 200 and path != "hi"
        return self.answer.status, json.loads(text) if is_json else text

    def watch(self, server):
        return connect(f"ws://127.0.0.1:{server.port}/api/websocket", additional_headers=self.headers, proxy=None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()


def changes(socket, name):
    """The next change of a set."""
    while True:
        message = json.loads(socket.recv(timeout=SECONDS))
        assert message["method"] == "change", message
        if name in message["params"]:
            return message["params"][name]


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.server = enter(self, example("device_dashboard", PAGE))

    def session(self, *arguments):
        return enter(self, Session(self.server, *arguments))

    def test_page(self):
        self.assertEqual(self.server.get("/"), (200, PAGE.read_bytes()))

    def test_nobody_gets_in_without_a_password(self):
        self.assertEqual(self.session("admin", "wrong").status, 403)
        for path in "get", "get/device", "set", "del/events/0", "ota":
            self.assertEqual(self.server.get("/api/" + path)[0], 403)
        with self.assertRaises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{self.server.port}/api/websocket", proxy=None)
        self.assertEqual(refused.exception.response.status_code, 403)

    def test_values_are_read_and_written(self):
        session = self.session()
        values = {"name": 'Küche "1" \\ \U0001f525', "target": 25.5, "enabled": False}
        self.assertEqual(session.call("set", {"device": values | {"temperature": 99, "heating": True}}), (200, 3))
        device = session.call("get")[1]["device"]
        self.assertEqual({key: device[key] for key in values}, values)
        self.assertLess(device["temperature"], 30)
        self.assertEqual(session.call("get/device")[1]["target"], 25.5)

    def test_a_guest_may_look(self):
        guest = self.session("guest", "guest")
        self.assertEqual(guest.status, 200)
        before = guest.call("get/device")[1]["name"]
        self.assertEqual(guest.call("set", {"device": {"name": "mine"}}), (200, 0))
        self.assertEqual(guest.call("get/device")[1]["name"], before)

    def test_every_browser_sees_a_change(self):
        admin, guest = self.session(), self.session("guest", "guest")
        with admin.watch(self.server) as first, guest.watch(self.server) as second:
            admin.call("set", {"device": {"name": "changed"}})
            for socket in first, second:
                while changes(socket, "device")["name"] != "changed":
                    pass
            # The example itself reports, too.
            self.assertGreaterEqual(changes(second, "events"), 1)
        number = admin.call("get/events")[1]
        events = admin.call(f"get/events/0/{number + 5}")[1]
        self.assertEqual([event["text"] for event in events][:1], ["Heating on"])

    def test_logout_ends_the_session_everywhere(self):
        session = self.session()
        with session.watch(self.server) as socket:
            self.assertEqual(session.call("logout")[0], 401)
            with self.assertRaises(ConnectionClosed):
                while True:
                    last = json.loads(socket.recv(timeout=SECONDS))
            self.assertEqual(last, {"method": "logout"})
        # On the same connection, which is still HTTP.
        self.assertEqual(session.call("get")[0], 403)
        self.assertEqual(session.call("hi"), (200, b"hi\n"))

    def test_other_sites_change_nothing(self):
        session = self.session()
        for header in {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}:
            self.assertEqual(session.call("set", {"device": {"name": "evil"}}, session.headers | header)[0], 403)
            with self.assertRaises(InvalidStatus):
                connect(f"ws://127.0.0.1:{self.server.port}/api/websocket", additional_headers=session.headers | header, proxy=None)
        self.assertNotEqual(session.call("get/device")[1]["name"], "evil")

    def test_curl_keeps_the_cookie(self):
        with tempfile.TemporaryDirectory() as folder:
            jar = ["curl", "--silent", "--show-error", "--cookie-jar", f"{folder}/jar", "--cookie", f"{folder}/jar"]
            login = subprocess.run([*jar, "--user", "admin:admin", self.server.url + "/api/login"], capture_output=True, check=True)
            self.assertEqual(json.loads(login.stdout), {"user": "admin", "level": 9})
            read = subprocess.run([*jar, self.server.url + "/api/get/device"], capture_output=True, check=True)
            self.assertIn("temperature", json.loads(read.stdout))
            subprocess.run([*jar, self.server.url + "/api/logout"], capture_output=True, check=True)
            read = subprocess.run([*jar, self.server.url + "/api/get/device"], capture_output=True, check=True)
            self.assertEqual(read.stdout, b"Not Authorised\n")


class Firmware(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(enter(cls, tempfile.TemporaryDirectory(prefix="mg-firmware-")))
        program = cls.folder / "firmware_receiver"
        subprocess.run([os.environ.get("CC", "cc"), "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}",
                        ROOT / "tests/peers/firmware_receiver.c", "-o", program, f"-L{LIB}", "-lmongoose", f"-Wl,-rpath,{LIB}"], check=True)
        cls.stored = cls.folder / "stored"
        cls.server = enter(cls, Server(program, "http://127.0.0.1:0", cls.stored))
        cls.image = content(3_000_001)
        (cls.folder / "firmware.bin").write_bytes(cls.image)

    def curl(self, path, *arguments):
        done = subprocess.run(["curl", "--silent", "--show-error", "--max-time", str(SECONDS), *arguments, self.server.url + path],
                              capture_output=True, check=True)
        return done.stdout.decode()

    def test_curl_uploads_firmware(self):
        # curl waits for 100 Continue before a body of this size.
        for headers in (), ("--header", "Expect: 100-continue"), ("--http1.0",):
            self.stored.unlink(missing_ok=True)
            self.assertEqual(self.curl("/ota", *headers, "--data-binary", f"@{self.folder / 'firmware.bin'}"), "ok\n")
            self.assertEqual(self.stored.read_bytes(), self.image)

    def test_curl_uploads_twice_on_a_connection(self):
        image = f"@{self.folder / 'firmware.bin'}"
        self.assertEqual(self.curl("/ota", "--data-binary", image, self.server.url + "/ota"), "ok\nok\n")

    def test_firmware_is_fetched_from_a_server(self):
        asked = []
        image = self.image

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                name = self.path.split("?")[0]
                size = len(image) + (1 if name == "/wrong" else 0)
                metadata = {"version": "1.0.0" if name == "/same" else "2.0", "url": f"http://127.0.0.1:{self.server.server_port}/fw", "size": size}
                body = image if name == "/fw" else json.dumps(metadata).encode()
                if name == "/drop":
                    return
                self.send_response(404 if name == "/missing" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        peer = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(peer.server_close)
        self.addCleanup(peer.shutdown)
        threading.Thread(target=peer.serve_forever, daemon=True).start()
        for path, outcome in [("/new", "installed"), ("/same", "Same version"), ("/drop", "connection closed"),
                              ("/wrong", f"Bad HTTP response: status 200, size {len(image)} vs {len(image) + 1}"), ("/new?a=b", "installed")]:
            self.stored.unlink(missing_ok=True)
            answer = self.curl("/check", "--data", f"http://127.0.0.1:{peer.server_port}{path}")
            self.assertEqual(answer, outcome, path)
            self.assertEqual(self.stored.exists() and self.stored.read_bytes() == image, outcome == "installed")
        self.assertIn("Bad metadata", self.curl("/check", "--data", f"http://127.0.0.1:{peer.server_port}/missing"))
        self.assertEqual(asked[0], "/new?arch=1&version=1.0.0&id=0&interval=60&boot=0")
        self.assertIn("/new?a=b&arch=1&version=1.0.0&id=0&interval=60&boot=0", asked)


if __name__ == "__main__":
    unittest.main()
