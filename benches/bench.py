#!/usr/bin/env python3
"""Measures the server programs: CPU time of the server per unit of work, on this library, the reference and peers.

Server and load run on a core each. Per row the servers take turns for a number of rounds; the table shows medians. The
CPU time is what the kernel accounts to the server (user and system) between the start and the end of the load. System calls
are counted in a round of their own, with perf where the system allows it.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import typing
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "tests" / "reference" / "reference"
BUILD = ROOT / "target" / "benches"
SERVER_CORE, LOAD_CORE = 0, max(os.cpu_count() - 1, 0)
START_SECONDS = 20

PIPELINE = """
init = function(args)
  local r = {}
  for i = 1, 16 do r[i] = wrk.format(nil, "/") end
  request_ = table.concat(r)
end
request = function() return request_ end
"""

NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 20000; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port} backlog=4096; root {root};
    location = / {{ return 200 "hello\\n"; }}
    location /files/ {{ alias {root}/; }}
  }}
  server {{
    listen 127.0.0.1:{tls_port} ssl backlog=4096; root {root};
    ssl_certificate {root}/cert.pem; ssl_certificate_key {root}/key.pem; ssl_protocols TLSv1.3; ssl_session_tickets on;
    location = / {{ return 200 "hello\\n"; }}
    location /files/ {{ alias {root}/; }}
  }}
}}
"""


def compile_program(name, source, *flags):
    BUILD.mkdir(parents=True, exist_ok=True)
    command = [os.environ.get("CC", "cc"), "-O2", str(source), "-o", str(BUILD / name), *flags]
    subprocess.run(command, check=True)
    return BUILD / name


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def quiet_compile(name, source, *flags):
    """The program, or None where what it needs is not installed."""
    try:
        return compile_program(name, source, *flags, "-w")
    except subprocess.CalledProcessError:
        return None


class Sample(typing.NamedTuple):
    """Cost of a unit of work (CPU seconds, or bytes), units per second, and number of units."""
    cost: float
    rate: float
    units: int


class Server:
    """A running server; `usage` is its CPU time in seconds."""

    def __init__(self, command, port=None, tls_port=None, environment=None):
        self.process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})}, text=True)
        self._ready = False
        self.port = port or self._announced()
        self._tls_port = tls_port

    def _announced(self):
        """The port of the next line of output. All of them are written at once."""
        ready = self._ready or select.select([self.process.stdout], [], [], START_SECONDS)[0]
        self._ready = bool(ready)
        found = re.search(r"port (\d+)", self.process.stdout.readline() if ready else "")
        if not found:
            self.stop()
            sys.exit("a server did not start")
        return int(found.group(1))

    @property
    def tls_port(self):
        self._tls_port = self._tls_port or self._announced()
        return self._tls_port

    def _processes(self):
        """The server and its children: nginx works in one of those."""
        pids = [self.process.pid]
        for pid in pids:
            with contextlib.suppress(OSError):
                pids += [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return pids

    @property
    def usage(self):
        total = 0
        for pid in self._processes():
            with contextlib.suppress(OSError):
                total += int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        return total / 1e9

    @property
    def rss(self):
        """Resident memory in KiB."""
        found = [re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()) for pid in self._processes()]
        return sum(int(m.group(1)) for m in found if m)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()


class Bench:
    def __init__(self, options):
        self.options = options
        self.files = pathlib.Path(tempfile.mkdtemp(prefix="mg-bench-"))
        # nginx's worker is another user.
        self.files.chmod(0o755)
        for name, size in {"1k": 1 << 10, "1m": 1 << 20, "100m": 100 << 20}.items():
            (self.files / name).write_bytes(os.urandom(1 << 10) * (size >> 10))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                        "/CN=localhost", "-keyout", self.files / "key.pem", "-out", self.files / "cert.pem"], check=True, capture_output=True)
        (self.files / "key.pem").chmod(0o644)
        library = [f"-I{options.include}", f"-L{options.lib}", "-lmongoose"]
        self.load = compile_program("load", ROOT / "benches" / "load.c")
        self.floor = compile_program("floor", ROOT / "benches" / "floor.c")
        self.program = compile_program("server", ROOT / "benches" / "server.c", *library)
        self.broker = compile_program("mqtt_broker", ROOT / "c_examples" / "mqtt_broker.c", *library)
        self.lws = quiet_compile("lws_echo", ROOT / "benches" / "lws_echo.c", "-lwebsockets")
        self.pipeline = BUILD / "pipeline.lua"
        self.pipeline.write_text(PIPELINE)

    def start(self, kind, program="server"):
        if kind == "floor":
            return Server([self.floor])
        if kind == "libwebsockets":
            return Server([self.lws])
        if kind == "nginx":
            port = free_port()
            folder = pathlib.Path(tempfile.mkdtemp(prefix="mg-bench-nginx-"))
            tls_port = free_port()
            (folder / "conf").write_text(NGINX.format(folder=folder, port=port, tls_port=tls_port, root=self.files))
            server = Server([shutil.which("nginx"), "-c", folder / "conf", "-p", folder], port=port, tls_port=tls_port)
            wait_for(port)
            return server
        binary, arguments = (self.broker, ["mqtt://127.0.0.1:0"]) if program == "broker" else (
            self.program, ["http://127.0.0.1:0", self.files, "https://127.0.0.1:0", self.files / "cert.pem", self.files / "key.pem"])
        if kind == "ours":
            environment = {"LD_LIBRARY_PATH": str(self.options.lib.resolve())}
            if program == "server with idle interval":
                environment["IDLE_INTERVAL"] = "1000"
            return Server([binary, *arguments], environment=environment)
        return Server([REFERENCE, "run", binary, *arguments])

    @contextlib.contextmanager
    def running_load(self, server, connections, seconds, kind, detail):
        command = ["taskset", "-c", str(LOAD_CORE), str(self.load), str(server.port), str(connections), str(seconds), kind, str(detail)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if process.stdout.readline().strip() != "start":
                sys.exit(f"load failed: {' '.join(command)}")
            yield process
        finally:
            process.stdin.close()
            process.wait(timeout=60)
            process.stdout.close()

    def generated(self, server, connections, kind, detail):
        """CPU seconds per answer, answers per second."""
        with self.running_load(server, connections, self.options.seconds, kind, detail) as process:
            before = server.usage
            done = int(process.stdout.readline().split()[1])
            return Sample((server.usage - before) / done, done / self.options.seconds, done)

    def wrk(self, server, connections, path="/", script=None):
        command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{self.options.seconds}s",
                   *(["-s", str(script)] if script else []), f"http://127.0.0.1:{server.port}{path}"]
        before = server.usage
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        done, seconds = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
        if "Socket errors" in out or "Non-2xx" in out:
            sys.exit(f"wrk: {out}")
        return Sample((server.usage - before) / int(done), int(done) / float(seconds), int(done))

    def curl(self, server, count, *arguments):
        """CPU seconds per transfer, transfers per second; `count` transfers one after the other."""
        before, started = server.usage, time.monotonic()
        for _ in range(count):
            subprocess.run(["taskset", "-c", str(LOAD_CORE), "curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", *arguments],
                           check=True)
        return Sample((server.usage - before) / count, count / (time.monotonic() - started), count)

    def handshakes(self, server, resume):
        """CPU seconds per TLS 1.3 connection, connections per second; one after the other. A resumed one also carries a request,
        which brings the ticket of the next."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        port, session, done = server.tls_port, None, 0
        os.sched_setaffinity(0, {LOAD_CORE})
        before, end = server.usage, time.monotonic() + self.options.seconds
        while time.monotonic() < end:
            # The reference fails a few handshakes in a thousand.
            with contextlib.suppress(ssl.SSLError), socket.create_connection(("127.0.0.1", port)) as plain:
                with context.wrap_socket(plain, session=session) as connection:
                    if resume:
                        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        connection.recv(1000)
                        session = connection.session
                    done += not resume or connection.session_reused
        os.sched_setaffinity(0, range(os.cpu_count()))
        return Sample((server.usage - before) / done, done / self.options.seconds, done)

    def url(self, server, path):
        return f"http://127.0.0.1:{server.port}{path}"

    def idle(self, server, idle):
        with self.running_load(server, idle, 0, "idle", "/"):
            return self.generated(server, 1, "http", "/")

    def idle_memory(self, server, count):
        urllib.request.urlopen(self.url(server, "/")).read()
        before = server.rss
        with self.running_load(server, count, 0, "idle", "/"):
            return Sample((server.rss - before) * 1024 / count, 0, count)

    def system_calls(self, kind, program, measure):
        """System calls per unit of work, or None where perf cannot count them."""
        if not shutil.which("perf"):
            return None
        server = self.start(kind, program)
        try:
            counter = subprocess.Popen(["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", ",".join(map(str, server._processes()))],
                                       stderr=subprocess.PIPE, text=True)
            time.sleep(0.3)
            units = measure(server).units
            counter.send_signal(signal.SIGINT)
            count = counter.communicate(timeout=30)[1].split(",")[0]
            return int(count) / units if count.isdigit() and units else None
        finally:
            server.stop()


def wait_for(port):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def rows(bench):
    """(name, unit, program, kinds of servers, measurement)"""
    both = ["ours", "reference"]
    floor = [*both, "floor"]
    nginx = [*both, "nginx"] if shutil.which("nginx") else both
    lws = [*both, "libwebsockets"] if bench.lws else both
    big = str(bench.files / "100m")
    plan = [(f"hello, {n} connections", "us", "server", floor, lambda s, n=n: bench.wrk(s, n)) for n in (10, 100, 1000)]
    plan += [
        ("hello, 16 pipelined, 64 connections", "us", "server", floor, lambda s: bench.wrk(s, 64, script=bench.pipeline)),
        ("hello, 1 busy among 18,000 idle", "us", "server", floor, lambda s: bench.idle(s, 18000)),
        ("hello, 1 busy among 18,000 idle, mg_mgr_idle_interval(1000)", "us", "server with idle interval", floor, lambda s: bench.idle(s, 18000)),
        ("one request per connection", "us", "server", both, lambda s: bench.generated(s, 16, "close", "/")),
        ("file of 1 KB", "us", "server", nginx, lambda s: bench.wrk(s, 64, "/files/1k")),
        ("file of 1 MB", "us", "server", nginx, lambda s: bench.wrk(s, 16, "/files/1m")),
        ("file of 100 MB", "us", "server", nginx, lambda s: bench.curl(s, 5, bench.url(s, "/files/100m"))),
        ("upload of 100 MB", "us", "server", both, lambda s: bench.curl(s, 3, "-T", big, bench.url(s, "/up"))),
        ("request with a chunked body of 1 MB", "us", "server", both,
         lambda s: bench.curl(s, 20, "--data-binary", f"@{bench.files / '1m'}", "-H", "Transfer-Encoding: chunked", "-H", "Expect:",
                              bench.url(s, "/"))),
        ("WebSocket echo of 125 B, 100 connections", "us", "server", lws, lambda s: bench.generated(s, 100, "ws", 125)),
        ("WebSocket echo of 64 KB, 100 connections", "us", "server", lws, lambda s: bench.generated(s, 100, "ws", 65536)),
        ("MQTT publish with QoS 0, 100 connections", "us", "broker", both, lambda s: bench.generated(s, 100, "mqtt", 0)),
        ("MQTT publish with QoS 1, 100 connections", "us", "broker", both, lambda s: bench.generated(s, 100, "mqtt", 1)),
        ("TLS 1.3 handshake", "us", "server", nginx, lambda s: bench.handshakes(s, False)),
        ("resumed TLS 1.3 handshake and request", "us", "server", [k for k in nginx if k != "reference"],
         lambda s: bench.handshakes(s, True)),
        ("file of 100 MB over TLS", "us", "server", nginx,
         # One handshake in some 300 of the reference fails: its signature does not verify.
         lambda s: bench.curl(s, 3, "--retry", "9", "--retry-all-errors", "-k", f"https://127.0.0.1:{s.tls_port}/files/100m")),
        ("memory per idle connection", "B", "server", both, lambda s: bench.idle_memory(s, 10000)),
    ]
    wanted = bench.options.only
    return [row for row in plan if not wanted or any(part in row[0] for part in wanted)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lib", type=pathlib.Path, default=ROOT / "target" / "release")
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="length of a timed load")
    parser.add_argument("--only", action="append", help="rows whose name contains this (repeatable)")
    parser.add_argument("--json", type=pathlib.Path, help="also write every measurement to this file")
    options = parser.parse_args()
    bench = Bench(options)
    record = []
    print("| Work | Unit | This library | Reference | ratio | Other | ratio | Units/s, ours | Units/s, reference | RSS in MB | System calls |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    try:
        for name, unit, program, kinds, measure in rows(bench):
            measured = {kind: [] for kind in kinds}
            memory = {kind: [] for kind in kinds}
            for _ in range(options.rounds):
                for kind in kinds:
                    server = bench.start(kind, program)
                    try:
                        measured[kind].append(measure(server))
                        memory[kind].append(server.rss / 1024)
                    finally:
                        server.stop()
            calls = {kind: bench.system_calls(kind, program, measure) for kind in kinds}
            record.append({"row": name, "unit": unit, "measured": measured, "rss_mb": memory, "system_calls": calls})
            scale = 1e6 if unit == "us" else 1
            cost = {kind: statistics.median(sample.cost for sample in samples) * scale for kind, samples in measured.items()}
            rate = {kind: statistics.median(sample.rate for sample in samples) for kind, samples in measured.items()}
            other = next((kind for kind in kinds if kind not in ("ours", "reference")), None)
            ours = cost["ours"]
            cells = [name, unit, f"{ours:.2f}"]
            cells += [f"{cost['reference']:.2f}", f"{ours / cost['reference']:.2f}"] if "reference" in cost else ["", ""]
            cells += [f"{other} {cost[other]:.2f}", f"{ours / cost[other]:.2f}"] if other else ["", ""]
            cells += [f"{rate['ours']:,.0f}", f"{rate['reference']:,.0f}" if "reference" in rate else ""]
            cells.append(" / ".join(f"{statistics.median(values):.1f}" for values in memory.values()))
            cells.append(" / ".join("-" if count is None else f"{count:.2f}" for count in calls.values()))
            print(f"| {' | '.join(cells)} |", flush=True)
    finally:
        shutil.rmtree(bench.files)
    if options.json:
        options.json.write_text(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
