#!/usr/bin/env python3
"""Measures the server programs: CPU time of the server per unit of work, on this library, the reference and peers.

Server and load run on a core each. Per row the servers take turns for a number of rounds; the table shows medians. The
CPU time is what the kernel accounts to the server (user and system) between the start and the end of the load.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
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
}}
"""


def compile_program(name, source, *flags):
    BUILD.mkdir(parents=True, exist_ok=True)
    command = [os.environ.get("CC", "cc"), "-O2", str(source), "-o", str(BUILD / name), *flags]
    subprocess.run(command, check=True)
    return BUILD / name


def free_port():
    import socket

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A running server; `usage` is its CPU time in seconds."""

    def __init__(self, command, port=None, environment=None):
        self.process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})}, text=True)
        self.port = port or self._announced()

    def _announced(self):
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        found = re.search(r"port (\d+)", self.process.stdout.readline() if ready else "")
        if not found:
            self.stop()
            sys.exit("a server did not start")
        return int(found.group(1))

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
        library = [f"-I{options.include}", f"-L{options.lib}", "-lmongoose"]
        self.load = compile_program("load", ROOT / "benches" / "load.c")
        self.floor = compile_program("floor", ROOT / "benches" / "floor.c")
        self.program = compile_program("server", ROOT / "benches" / "server.c", *library)
        self.broker = compile_program("mqtt_broker", ROOT / "c_examples" / "mqtt_broker.c", *library)
        self.pipeline = BUILD / "pipeline.lua"
        self.pipeline.write_text(PIPELINE)

    def start(self, kind, program="server"):
        if kind == "floor":
            return Server([self.floor])
        if kind == "nginx":
            port = free_port()
            folder = pathlib.Path(tempfile.mkdtemp(prefix="mg-bench-nginx-"))
            (folder / "conf").write_text(NGINX.format(folder=folder, port=port, root=self.files))
            server = Server([shutil.which("nginx"), "-c", folder / "conf", "-p", folder], port=port)
            wait_for(port)
            return server
        binary, arguments = (self.broker, ["mqtt://127.0.0.1:0"]) if program == "broker" else (
            self.program, ["http://127.0.0.1:0", self.files])
        if kind == "ours":
            return Server([binary, *arguments], environment={"LD_LIBRARY_PATH": str(self.options.lib.resolve())})
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
            return (server.usage - before) / done, done / self.options.seconds

    def wrk(self, server, connections, path="/", script=None):
        command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{self.options.seconds}s",
                   *(["-s", str(script)] if script else []), f"http://127.0.0.1:{server.port}{path}"]
        before = server.usage
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        done, seconds = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
        if "Socket errors" in out or "Non-2xx" in out:
            sys.exit(f"wrk: {out}")
        return (server.usage - before) / int(done), int(done) / float(seconds)

    def curl(self, server, count, *arguments):
        """CPU seconds per transfer, transfers per second; `count` transfers one after the other."""
        before, started = server.usage, time.monotonic()
        for _ in range(count):
            subprocess.run(["taskset", "-c", str(LOAD_CORE), "curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", *arguments],
                           check=True)
        return (server.usage - before) / count, count / (time.monotonic() - started)

    def url(self, server, path):
        return f"http://127.0.0.1:{server.port}{path}"

    def idle(self, server, idle):
        with self.running_load(server, idle, 0, "idle", "/"):
            return self.generated(server, 1, "http", "/")

    def idle_memory(self, server, count):
        urllib.request.urlopen(self.url(server, "/")).read()
        before = server.rss
        with self.running_load(server, count, 0, "idle", "/"):
            return (server.rss - before) * 1024 / count, 0


def wait_for(port):
    import socket

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
    big = str(bench.files / "100m")
    plan = [(f"hello, {n} connections", "us", "server", floor, lambda s, n=n: bench.wrk(s, n)) for n in (10, 100, 1000)]
    plan += [
        ("hello, 16 pipelined, 64 connections", "us", "server", floor, lambda s: bench.wrk(s, 64, script=bench.pipeline)),
        ("hello, 1 busy among 18,000 idle", "us", "server", floor, lambda s: bench.idle(s, 18000)),
        ("one request per connection", "us", "server", both, lambda s: bench.generated(s, 16, "close", "/")),
        ("file of 1 KB", "us", "server", nginx, lambda s: bench.wrk(s, 64, "/files/1k")),
        ("file of 1 MB", "us", "server", nginx, lambda s: bench.wrk(s, 16, "/files/1m")),
        ("file of 100 MB", "us", "server", nginx, lambda s: bench.curl(s, 5, bench.url(s, "/files/100m"))),
        ("upload of 100 MB", "us", "server", both, lambda s: bench.curl(s, 3, "-T", big, bench.url(s, "/up"))),
        ("request with a chunked body of 1 MB", "us", "server", both,
         lambda s: bench.curl(s, 20, "--data-binary", f"@{bench.files / '1m'}", "-H", "Transfer-Encoding: chunked", "-H", "Expect:",
                              bench.url(s, "/"))),
        ("WebSocket echo of 125 B, 100 connections", "us", "server", both, lambda s: bench.generated(s, 100, "ws", 125)),
        ("WebSocket echo of 64 KB, 100 connections", "us", "server", both, lambda s: bench.generated(s, 100, "ws", 65536)),
        ("MQTT publish with QoS 0, 100 connections", "us", "broker", both, lambda s: bench.generated(s, 100, "mqtt", 0)),
        ("MQTT publish with QoS 1, 100 connections", "us", "broker", both, lambda s: bench.generated(s, 100, "mqtt", 1)),
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
    print("| Work | Unit | This library | Reference | ratio | Other | ratio | Units/s, ours | Units/s, reference |")
    print("|---|---|---|---|---|---|---|---|---|")
    try:
        for name, unit, program, kinds, measure in rows(bench):
            measured = {kind: [] for kind in kinds}
            for _ in range(options.rounds):
                for kind in kinds:
                    server = bench.start(kind, program)
                    try:
                        measured[kind].append(measure(server))
                    finally:
                        server.stop()
            record.append({"row": name, "unit": unit, "measured": measured})
            scale = 1e6 if unit == "us" else 1
            cost = {kind: statistics.median(value for value, _ in pairs) * scale for kind, pairs in measured.items()}
            rate = {kind: statistics.median(r for _, r in pairs) for kind, pairs in measured.items()}
            other = next((kind for kind in kinds if kind not in ("ours", "reference")), None)
            print(f"| {name} | {unit} | {cost['ours']:.2f} | {cost['reference']:.2f} | {cost['ours'] / cost['reference']:.2f} | "
                  + (f"{other} {cost[other]:.2f} | {cost['ours'] / cost[other]:.2f} | " if other else "| | ")
                  + f"{rate['ours']:,.0f} | {rate['reference']:,.0f} |", flush=True)
    finally:
        shutil.rmtree(bench.files)
    if options.json:
        options.json.write_text(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
