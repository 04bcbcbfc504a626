#!/usr/bin/env python3
"""Every symbol of symbols.tsv and additions.txt is used by a C test: tested.tsv says by which.

Looks at what the compiled tests (target/ctests, see tests/run_c.py) leave undefined. Complains, on a line that starts
with FAIL, about symbols that no test uses, and about rows of tested.tsv that are not true. `--update` writes
tested.tsv: up to three tests per symbol, those that use the fewest other symbols. The last line is
"N passed, M failed".
"""

import argparse
import collections
import csv
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOURCES = ROOT / "tests" / "c"
TABLE = HERE / "tested.tsv"
ROWS_TESTS = 3


def uses(binary, known):
    command = ["nm", "-u", str(binary)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    names = {line.split()[-1].split("@")[0] for line in lines}
    if sys.platform == "darwin":
        names = {name.removeprefix("_") for name in names}
    return names & known


def copied(binary, known):
    """Data that the program's own copy of stands for (copy relocations)."""
    lines = subprocess.run(["nm", "-D", "--defined-only", str(binary)], capture_output=True, text=True).stdout.splitlines()
    return {line.split()[-1].split("@")[0] for line in lines if line.split()[-2] in "BbDV"} & known


def table_of(programs, known):
    """symbol -> names of tests, the most specific first"""
    used = {}
    for source in sorted(SOURCES.glob("*.c")) + sorted(SOURCES.glob("own/*.c")):
        own = source.parent.name == "own"
        binary = programs / (("own_" if own else "") + source.stem)
        if binary.exists():
            used[("own/" if own else "") + source.stem] = uses(binary, known) | copied(binary, known)
    tests = collections.defaultdict(list)
    for name in sorted(used, key=lambda name: (name.startswith("own/"), len(used[name]), name)):
        for symbol in used[name]:
            tests[symbol].append(name)
    return tests


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "target" / "ctests")
    parser.add_argument("--update", action="store_true", help="write tested.tsv")
    options = parser.parse_args()
    with open(HERE / "symbols.tsv", newline="") as file:
        symbols = [row["name"] for row in csv.DictReader(file, delimiter="\t")]
    symbols += (HERE / "additions.txt").read_text(encoding="utf-8").split()
    tests = table_of(options.programs, set(symbols))
    if options.update:
        rows = [f"{name}\t{' '.join(tests[name][:ROWS_TESTS])}\n" for name in symbols]
        TABLE.write_text("symbol\ttests\n" + "".join(rows))
    with open(TABLE, newline="") as file:
        listed = {row["symbol"]: row["tests"].split() for row in csv.DictReader(file, delimiter="\t")}
    failed = 0
    for name in symbols:
        untrue = [test for test in listed.get(name, []) if test not in tests[name]]
        if not tests[name]:
            complaint = "no C test uses it"
        elif name not in listed or not listed[name]:
            complaint = f"{TABLE.name} lists no test"
        elif untrue:
            complaint = f"{TABLE.name} lists tests that do not use it: {', '.join(untrue)}"
        else:
            continue
        failed += 1
        print(f"FAIL {name}: {complaint}")
    for name in sorted(set(listed) - set(symbols)):
        failed += 1
        print(f"FAIL {TABLE.name} lists {name}, which is no symbol")
    print(f"{len(symbols) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
