#!/usr/bin/env python3
"""The shared library exports what symbols.tsv (the reference) and additions.txt (ours only) list, and nothing else.

Complaints are lines that start with FAIL; the last line is "N passed, M failed".
"""

import argparse
import csv
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FUNCTION, DATA = "TtWwi", "BbDdRrGgSsVv"


def exported(nm, lib):
    """name -> (letter of nm, size or None)"""
    command = [nm, "-gU", lib] if sys.platform == "darwin" else [nm, "-D", "-S", "--defined-only", lib]
    symbols = {}
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        fields = line.split()
        name = fields[-1].split("@")[0]
        if sys.platform == "darwin":
            name = name.removeprefix("_")
        size = int(fields[1], 16) if len(fields) == 4 else None
        symbols[name] = (fields[-2], size)
    return symbols


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lib", required=True, help="the shared library")
    parser.add_argument("--nm", default="nm")
    options = parser.parse_args()
    with open(HERE / "symbols.tsv", newline="", encoding="utf-8") as file:
        wanted = {row["name"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    have = exported(options.nm, options.lib)
    passed, failures = 0, []
    for name, row in wanted.items():
        letter, size = have.get(name, (None, None))
        if letter is None:
            failures.append(f"{name} is not exported")
        elif letter not in (FUNCTION if row["kind"] == "function" else DATA):
            failures.append(f"{name} should be {row['kind']}, nm says {letter}")
        elif row["kind"] == "data" and size is not None and size != int(row["data-size"]):
            failures.append(f"{name} should have {row['data-size']} bytes, has {size}")
        else:
            passed += 1
    additions = set((HERE / "additions.txt").read_text(encoding="utf-8").split())
    failures += [f"{name} is not exported" for name in sorted(additions - have.keys())]
    failures += [f"{name} must not be exported" for name in sorted(have.keys() - wanted.keys() - additions)]
    passed += len(additions & have.keys())
    for failure in failures:
        print("FAIL exports:", failure)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
