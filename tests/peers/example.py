"""Runs the example programs as servers for the tests in this folder."""

import http.client
import os
import pathlib
import re
import resource
import select
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = pathlib.Path(os.environ.get("MG_EXAMPLES", ROOT / "target" / "examples"))
STARTUP_SECONDS = 10


def raise_descriptor_limit(wanted):
    """Raises this process's limit, which its children inherit; returns what is possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < possible:
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
    return possible


class Server:
    """A program that prints the port it listens on; stopped with SIGTERM, it must exit with 0."""

    def __init__(self, *command, port=None, stderr=None):
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=stderr)
        self.port = port or self._read_port()
        if port:
            self._wait_until_listening()

    def _read_port(self):
        ready, _, _ = select.select([self.process.stdout], [], [], STARTUP_SECONDS)
        line = self.process.stdout.readline().decode() if ready else ""
        found = re.search(r"port (\d+)", line)
        if not found:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            raise AssertionError(f"the server did not say where it listens: {line!r}")
        return int(found.group(1))

    def _wait_until_listening(self):
        deadline = time.monotonic() + STARTUP_SECONDS
        while True:
            try:
                return self.connect().close()
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise
                time.sleep(0.05)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def connect(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def get(self, path="/"):
        """Status and body of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_kilobytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def wait_for_descriptors(self, wanted, seconds=10):
        """True once the server holds no more than the wanted number of descriptors."""
        deadline = time.monotonic() + seconds
        while self.descriptors() > wanted:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not stop on SIGTERM") from None
        finally:
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        status = self.stop()
        assert kind is not None or status == 0, f"the server's exit status is {status}"


def enter(owner, context):
    """Enters a context until a test case, or the class of one, ends."""
    cleanup = owner.addClassCleanup if isinstance(owner, type) else owner.addCleanup
    value = context.__enter__()
    cleanup(context.__exit__, None, None, None)
    return value


def example(name, *arguments, scheme="http"):
    return Server(EXAMPLES / name, f"{scheme}://127.0.0.1:0", *arguments)


def read_all(connection):
    """What arrives until the peer's end of stream."""
    data = bytearray()
    while chunk := connection.recv(1 << 16):
        data += chunk
    return bytes(data)


def content(size, seed=1):
    """Bytes that repeat at no power of two."""
    block = bytes((seed + i * 7 + (i >> 8)) & 255 for i in range(65521))
    return (block * (size // len(block) + 1))[:size]


class Folder(tempfile.TemporaryDirectory):
    """A temporary folder with files in it."""

    def __init__(self, **files):
        super().__init__(prefix="mg-peer-")
        self.path = pathlib.Path(self.name)
        for name, data in files.items():
            (self.path / name).write_bytes(data)

    def __enter__(self):
        super().__enter__()
        return self


def program(owner, name):
    """Builds tests/peers/NAME.c and returns where it is; it goes when the test case, or the class of one, ends."""
    library = pathlib.Path(os.environ.get("MG_LIB", ROOT / "target" / "release")).resolve()
    path = pathlib.Path(enter(owner, tempfile.TemporaryDirectory(prefix="mg-peer-"))) / name
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", ROOT / "tests" / "peers" / f"{name}.c", f"-I{ROOT / 'include'}",
                    "-o", path, f"-L{library}", "-lmongoose", f"-Wl,-rpath,{library}"], check=True)
    return path
