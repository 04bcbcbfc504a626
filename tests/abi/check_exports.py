#!/usr/bin/env python3
"""The shared library exports what symbols.tsv lists, and nothing else.

What the sources do not define yet may be missing. Everything else is complained about on a line
that starts with FAIL; the last line is "N passed, M failed".
"""

import argparse
import csv
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
INCLUDE = ROOT / "include"
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


def pending():
    """Names that no Rust file defines yet: all in include/pending, and variadic ones without an export."""
    names = set()
    for file in INCLUDE.glob("pending/*.rs"):
        text = file.read_text()
        names |= set(re.findall(r"\bfn (mg_\w+)", text))
        names |= set(re.findall(r"\bpub static (?:mut )?(\w+)", text))
    defined = "".join(file.read_text() for file in (ROOT / "src").rglob("*.rs"))
    for file in INCLUDE.glob("c_only/*.rs"):
        for name in re.findall(r"\bfn (mg_\w+)", file.read_text()):
            if f"variadic_export!({name} " not in defined:
                names.add(name)
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lib", required=True, help="the shared library")
    parser.add_argument("--nm", default="nm")
    options = parser.parse_args()
    with open(HERE / "symbols.tsv", newline="", encoding="utf-8") as file:
        wanted = {row["name"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    have = exported(options.nm, options.lib)
    may_miss = pending()
    passed, failures, missing = 0, [], 0
    for name, row in wanted.items():
        letter, size = have.get(name, (None, None))
        if letter is None:
            if name in may_miss:
                missing += 1
            else:
                failures.append(f"{name} is not exported")
        elif letter not in (FUNCTION if row["kind"] == "function" else DATA):
            failures.append(f"{name} should be {row['kind']}, nm says {letter}")
        elif row["kind"] == "data" and size is not None and size != int(row["data-size"]):
            failures.append(f"{name} should have {row['data-size']} bytes, has {size}")
        else:
            passed += 1
    failures += [f"{name} must not be exported" for name in sorted(have.keys() - wanted.keys())]
    for failure in failures:
        print("FAIL exports:", failure)
    if missing:
        print(f"note: {missing} names are not defined yet")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
