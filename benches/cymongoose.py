#!/usr/bin/env python3
"""The hello server of cymongoose's benchmarks under wrk: a wheel with this library inside, and the published wheel.

Server and load run on a core each; the two take turns, and the table shows medians.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import venv

SERVER_CORE, LOAD_CORE = 0, max(os.cpu_count() - 1, 0)

SERVER = """
from cymongoose import MG_EV_HTTP_MSG, Manager
def handler(conn, ev, data):
    if ev == MG_EV_HTTP_MSG:
        conn.reply(200, b'{"message":"Hello, World!"}', headers={"Content-Type": "application/json"})
manager = Manager(handler)
print(manager.listen("http://127.0.0.1:0", http=True).local_addr[1], flush=True)
while True:
    manager.poll(100)
"""


def measure(python, connections, seconds):
    """Requests per second, CPU microseconds of the server per request."""
    server = subprocess.Popen(["taskset", "-c", str(SERVER_CORE), python, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())
        before = cpu(server.pid)
        command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}/"]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        if "Socket errors" in out or "Non-2xx" in out:
            raise SystemExit(out)
        count, elapsed = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
        return int(count) / float(elapsed), (cpu(server.pid) - before) / int(count) * 1e6
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wheel", type=pathlib.Path, help="cymongoose with this library inside")
    parser.add_argument("published", help="the Python of an environment that has the published wheel")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mg-bench-") as folder:
        venv.create(folder, with_pip=True)
        ours = f"{folder}/bin/python3"
        subprocess.run([ours, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", options.wheel], check=True)
        print("| Connections | ours, requests/s | published, requests/s | ratio | ours, us | published, us |\n|---|---|---|---|---|---|")
        for connections in (10, 100):
            results = {ours: [], options.published: []}
            for _ in range(options.rounds):
                for python, samples in results.items():
                    samples.append(measure(python, connections, options.seconds))
            (rate, cost), (other_rate, other_cost) = (map(statistics.median, zip(*samples)) for samples in results.values())
            print(f"| {connections} | {rate:,.0f} | {other_rate:,.0f} | {rate / other_rate:.2f} | {cost:.2f} | {other_cost:.2f} |", flush=True)


if __name__ == "__main__":
    main()
