#!/usr/bin/env python3
"""Compiles the C tests and runs them.

tests/c/*.c run on this library and on the reference; both print `label: value`
lines, which must be equal unless tests/reference/deviations.md lists the pair.
tests/c/own/*.c run on this library only and report by their exit status.

Each program runs in an empty directory of its own, without input.
"""

import argparse
import collections
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests" / "c"
REFERENCE = ROOT / "tests" / "reference" / "reference"
DEVIATIONS = ROOT / "tests" / "reference" / "deviations.md"
WARNINGS = ["-std=gnu11", "-g", "-Wall", "-Wextra", "-Werror"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-omit-frame-pointer"]
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect,possible",
            "--show-leak-kinds=definite,indirect,possible", "--error-exitcode=99"]
ABSENT = "(absent)"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", metavar="NAME", help="run this program (repeatable, comma-separated)")
    parser.add_argument("--lib", type=pathlib.Path, default=ROOT / "target" / "release", help="folder of libmongoose.so")
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include", help="folder of mongoose.h")
    parser.add_argument("--own-only", action="store_true", help="skip the reference and the comparison")
    parser.add_argument("--valgrind", action="store_true", help="run on ours only, under memcheck with leak check")
    parser.add_argument("--sanitize", action="store_true", help="run on ours only, with address and undefined sanitizers")
    parser.add_argument("--timeout", type=float, default=60, help="seconds per program (tenfold under valgrind)")
    parser.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 2))
    return parser.parse_args()


class Program:
    def __init__(self, source, build):
        self.source = source
        self.own = source.parent.name == "own"
        self.name = source.stem
        self.binary = build / (("own_" if self.own else "") + self.name)

    def __str__(self):
        return ("own/" if self.own else "") + self.name


def programs(options, build):
    found = [Program(source, build) for source in sorted(SOURCES.glob("*.c")) + sorted(SOURCES.glob("own/*.c"))]
    if not options.only:
        return found
    wanted = {name.removesuffix(".c") for group in options.only for name in group.split(",")}
    chosen = [p for p in found if p.name in wanted or str(p) in wanted]
    missing = wanted - {p.name for p in chosen} - {str(p) for p in chosen}
    if missing:
        sys.exit(f"no such program: {', '.join(sorted(missing))}")
    return chosen


def compile_program(options, program):
    """Returns the compiler's complaint, or None."""
    command = [os.environ.get("CC", "cc"), *WARNINGS, *(SANITIZE if options.sanitize else []), f"-I{options.include}",
               str(program.source), "-o", str(program.binary), f"-L{options.lib}", "-lmongoose", "-pthread", "-lm"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return result.stdout if result.returncode else None


def execute(command, environment, timeout):
    """Runs one program in an empty folder; returns (what went wrong or None, stdout, stderr)."""
    with tempfile.TemporaryDirectory(prefix="mg-c-test-") as folder:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return f"still running after {timeout:g} s", text(out), text(err)
    if process.returncode < 0:
        return f"killed by {signal.Signals(-process.returncode).name}", text(out), text(err)
    return (f"exit status {process.returncode}" if process.returncode else None), text(out), text(err)


def text(data):
    return data.decode("utf-8", "backslashreplace")


def run_ours(options, program):
    prefix, timeout = [], options.timeout
    if options.valgrind:
        prefix, timeout = VALGRIND, timeout * 10
    # As with the C library, an allocation that cannot succeed is a result and not an error.
    environment = {"LD_LIBRARY_PATH": str(options.lib.resolve()), "ASAN_OPTIONS": "allocator_may_return_null=1"}
    return execute([*prefix, str(program.binary)], environment, timeout)


def run_reference(options, program):
    return execute([str(REFERENCE), "run", str(program.binary)], {}, options.timeout)


def parse_lines(output):
    """`label: value` lines as a dict, and the complaints about lines that are not."""
    values, complaints = {}, []
    for line in output.splitlines():
        label, separator, value = line.partition(": ")
        if not separator and line.endswith(":"):
            label, separator = line[:-1], ":"
        label, value = label.strip(), value.strip()
        if not separator or not label:
            complaints.append(f"not a `label: value` line: {line!r}")
        elif label in values:
            complaints.append(f"label printed twice: {label!r}")
        else:
            values[label] = value
    return values, complaints


def split_row(line):
    """Cells of a markdown table row; `\\|` is a literal bar."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def unquote(cell):
    return cell[1:-1].strip() if len(cell) >= 2 and cell[0] == cell[-1] == "`" else cell


def read_deviations():
    """{program: {label: (reference value, our value)}}; `*` stands for any value."""
    rows = {}
    for number, line in enumerate(DEVIATIONS.read_text().splitlines(), 1):
        if not line.startswith("|"):
            continue
        cells = split_row(line)
        if cells[0] == "program" or set(cells[0]) <= set("-: "):
            continue
        if len(cells) != 5 or not all(cells[:2]) or not cells[4]:
            sys.exit(f"{DEVIATIONS.name}:{number}: a row is | program | label | reference | ours | reason |")
        labels = rows.setdefault(unquote(cells[0]), {})
        if labels.setdefault(unquote(cells[1]), (cells[2], cells[3])) != (cells[2], cells[3]):
            sys.exit(f"{DEVIATIONS.name}:{number}: second row for {cells[0]} {cells[1]}")
    return rows


def matches(cell, value):
    if cell == "*":
        return True
    return cell == ABSENT if value is None else unquote(cell) == value and cell != ABSENT


def compare(ours, reference, allowed, count):
    complaints, used = [], set()
    count["comparisons"] += len(reference.keys() | ours.keys())
    for label in [*reference, *(label for label in ours if label not in reference)]:
        theirs, mine = reference.get(label), ours.get(label)
        if theirs == mine:
            continue
        row = allowed.get(label)
        if row and matches(row[0], theirs) and matches(row[1], mine):
            used.add(label)
            count["declared"] += 1
            continue
        count["undeclared"] += 1
        show = lambda value: ABSENT if value is None else f"`{value}`"
        complaints.append(f"{label}\n        reference {show(theirs)}\n        ours      {show(mine)}")
        used.add(label)
    complaints += [f"stale row in {DEVIATIONS.name}: {label}" for label in allowed if label not in used]
    return complaints


def check(options, program, deviations, count):
    """The complaints about one program, none when it passes; counts what it compares."""
    failure, out, err = run_ours(options, program)
    if failure:
        return [f"ours: {failure}", *(out + err).splitlines()[-40:]]
    if program.own:
        return []
    ours, complaints = parse_lines(out)
    if not ours:
        complaints.append("printed nothing")
    if options.own_only or options.valgrind or options.sanitize:
        return complaints
    failure, out, err = run_reference(options, program)
    if failure:
        return [f"reference: {failure}", *(out + err).splitlines()[-20:]]
    reference, more = parse_lines(out)
    count["programs"] += 1
    return complaints + more + compare(ours, reference, deviations.get(program.name, {}), count)


def main():
    options = arguments()
    if not (options.lib / "libmongoose.so").exists():
        sys.exit(f"no libmongoose.so in {options.lib}: run make build first")
    build = ROOT / "target" / ("ctests-sanitize" if options.sanitize else "ctests")
    build.mkdir(parents=True, exist_ok=True)
    # The runtime linker asks for the name recorded in the library.
    link = options.lib / "libmongoose.so.7.23"
    if not link.exists():
        link.symlink_to("libmongoose.so")
    chosen = programs(options, build)
    deviations = read_deviations()
    totals = collections.Counter()

    def work(program):
        complaint = compile_program(options, program)
        if complaint is not None:
            return ["does not compile or link", *complaint.splitlines()[:15]], 0, {}
        started, count = time.monotonic(), collections.Counter()
        return check(options, program, deviations, count), time.monotonic() - started, count

    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for program, (complaints, seconds, count) in zip(chosen, pool.map(work, chosen)):
            failed += bool(complaints)
            totals.update(count)
            print(f"{'FAIL' if complaints else 'ok  '} {program} ({seconds:.1f} s)", flush=True)
            for line in complaints:
                print(f"      {line}", flush=True)
    if not options.only:
        known = {program.name for program in chosen if not program.own}
        for name in sorted(set(deviations) - known):
            failed += 1
            print(f"FAIL {DEVIATIONS.name} names a program that does not exist: {name}")
    if totals["programs"]:
        print(f"{totals['programs']} programs on both libraries, {totals['comparisons']} comparisons, differences: "
              f"{totals['declared']} declared in {DEVIATIONS.name}, {totals['undeclared']} undeclared")
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
