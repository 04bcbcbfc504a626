#!/usr/bin/env python3
"""Runs fuzz targets for a given CPU time each and keeps account of it.

A run ends when its process has used so many CPU minutes, or with its first finding: a panic, 10 seconds on
one input, or 2 GB of memory. Then the inputs that add coverage replace those in fuzz/corpus/TARGET that have a hash
for a name; named ones stay. fuzz/campaign.tsv adds up what all runs have done, and docs/testing.md shows it. The
column clean_minutes starts again at zero with each finding.

`make fuzz-campaign MINUTES=30 NAMES=json,url JOBS=2` builds the targets and runs this.
"""

import argparse
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

FUZZ = pathlib.Path(__file__).resolve().parent
CORPUS = FUZZ / "corpus"
RECORD = FUZZ / "campaign.tsv"
PAGE = FUZZ.parent / "docs" / "testing.md"
COLUMNS = ["target", "cpu_minutes", "clean_minutes", "executions", "edges", "corpus", "findings", "commit"]

MAX_FILES, MAX_BYTES = 200, 4096  # of a target's corpus, and of one input in it
HASH = re.compile(r"[0-9a-f]{40}")
LIMITS = ["-timeout=10", "-rss_limit_mb=2048"]

stopped = False


def stop(*_):
    global stopped
    stopped = True


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binaries", type=pathlib.Path, required=True, help="folder of the built targets")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder of growing corpora, logs and findings")
    parser.add_argument("--minutes", type=float, default=30, help="CPU minutes per target")
    parser.add_argument("--names", default="", help="targets in this order, comma-separated (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    return parser.parse_args()


def cpu_seconds(pid):
    """User and system time of a live process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(command, log, seconds):
    """Runs a command until it ends or has used its CPU seconds; returns (CPU seconds, ended by itself)."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    group = pathlib.Path(f"/proc/{process.pid}/autogroup")
    if group.exists():
        # Linux shares the processor among sessions first, and niceness counts within each only.
        group.write_text(str(os.nice(0)))
    asked = None
    while True:
        pid, _, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = 0  # it is no longer there to be waited for
            return usage.ru_utime + usage.ru_stime, asked is None
        if asked is None and (stopped or cpu_seconds(process.pid) >= seconds):
            asked = time.monotonic()
            os.kill(process.pid, signal.SIGINT)
        elif asked is not None and time.monotonic() - asked > 60:
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.2)


def reproduces(binary, artifact):
    """Whether an input fails on its own: a busy machine makes some look slow."""
    result = subprocess.run([binary, *LIMITS, artifact], stdin=subprocess.DEVNULL, capture_output=True)
    return result.returncode != 0


def last_number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def fuzz(options, name):
    """One run of a target: its row for the record."""
    binary, work = options.binaries / name, options.work / "corpus" / name
    findings, logs = options.work / "findings" / name, options.work / "logs"
    for folder in (work, findings, logs):
        folder.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    seconds, executions, edges, real = 0, 0, 0, []
    while not stopped and not real and seconds < options.minutes * 60:
        before = set(findings.iterdir())
        command = [binary, *LIMITS, f"-max_len={MAX_BYTES}", "-print_final_stats=1", f"-artifact_prefix={findings}/", work, CORPUS / name]
        with log.open("w") as output:
            used, alone = run(command, output, options.minutes * 60 - seconds)
        text = log.read_text(errors="replace")
        seconds += used
        executions += last_number(r"stat::number_of_executed_units:\s*(\d+)", text) or last_number(r"(?m)^#(\d+)", text)
        edges = max(edges, last_number(r"cov: (\d+)", text))
        new = set(findings.iterdir()) - before
        real = [path for path in new if not path.name.startswith("slow-unit") and reproduces(binary, path)]
        for path in real:
            print(f"{name}: FINDING {path}", flush=True)
        if alone and not new:
            print(f"{name}: ended without an input that fails, see {log}", flush=True)
            break
    files = minimise(binary, name, work)
    return {"target": name, "cpu_minutes": seconds / 60, "executions": executions, "edges": edges, "corpus": files,
            "findings": len(real)}


def minimise(binary, name, work):
    """Keeps in the committed corpus what adds edges to the named inputs; returns the number of files."""
    folder = CORPUS / name
    named = [path for path in folder.iterdir() if not HASH.fullmatch(path.name)]
    with tempfile.TemporaryDirectory(prefix="fuzz-merge-") as scratch:
        fresh = pathlib.Path(scratch, "corpus")
        fresh.mkdir()
        for path in named:
            shutil.copy(path, fresh / path.name)
        command = [binary, *LIMITS, f"-max_len={MAX_BYTES}", f"-artifact_prefix={scratch}/", "-set_cover_merge=1", "-use_counters=0"]
        merge = subprocess.run([*command, fresh, work, folder], stdin=subprocess.DEVNULL, capture_output=True)
        found = sorted((path for path in fresh.iterdir() if HASH.fullmatch(path.name)), key=lambda path: path.stat().st_size)
        if merge.returncode == 0:
            for path in folder.iterdir():
                if HASH.fullmatch(path.name):
                    path.unlink()
            for path in found[:max(0, MAX_FILES - len(named))]:
                shutil.copy(path, folder / path.name)
        else:
            print(f"{name}: the corpus could not be merged", flush=True)
    return len(list(folder.iterdir()))


def read_record(file):
    lines = file.read().splitlines()
    return {row["target"]: row for row in (dict(zip(COLUMNS, line.split("\t"))) for line in lines[1:])}


def add_up(row, commit):
    """Adds a run to the record."""
    RECORD.touch()
    with RECORD.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        rows = read_record(file)
        old = rows.get(row["target"], {})
        total = lambda column: float(old.get(column, 0)) + row["cpu_minutes"]
        rows[row["target"]] = {
            **row, "commit": commit,
            "cpu_minutes": f"{total('cpu_minutes'):.1f}",
            "clean_minutes": "0.0" if row["findings"] else f"{total('clean_minutes'):.1f}",
            "executions": int(old.get("executions", 0)) + row["executions"],
            "edges": max(int(old.get("edges", 0)), row["edges"]),
            "findings": int(old.get("findings", 0)) + row["findings"],
        }
        file.seek(0)
        file.truncate()
        for line in [COLUMNS, *([str(rows[name][column]) for column in COLUMNS] for name in sorted(rows))]:
            file.write("\t".join(line) + "\n")
        show(rows)


def show(rows):
    """Puts the record into the documentation."""
    text = PAGE.read_text()
    begin, end = "<!-- fuzz/campaign.tsv -->\n", "<!-- end -->"
    head, rest = text.split(begin)
    lines = ["| target | CPU minutes | since the last finding | executions | edges | findings |", "|---|--:|--:|--:|--:|--:|"]
    for name in sorted(path.name for path in CORPUS.iterdir()):
        row = rows.get(name, {})
        cells = [row.get(column, "0") for column in COLUMNS[1:5] + ["findings"]]
        lines.append(f"| {' | '.join([name, *map(str, cells)])} |")
    PAGE.write_text(head + begin + "\n".join(lines) + "\n" + rest[rest.index(end):])


def main():
    options = arguments()
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=FUZZ, capture_output=True, text=True).stdout.strip()
    names = [name for name in options.names.split(",") if name] or sorted(path.name for path in CORPUS.iterdir())

    def one(name):
        if stopped:
            return 0
        row = fuzz(options, name)
        add_up(row, commit)
        print("{target}: {cpu_minutes:.1f} CPU minutes, {executions} executions, {edges} edges, {corpus} inputs, {findings} findings"
              .format(**row), flush=True)
        return row["findings"]

    with ThreadPoolExecutor(options.jobs) as pool:
        raise SystemExit(1 if sum(pool.map(one, names)) else 0)


if __name__ == "__main__":
    main()
