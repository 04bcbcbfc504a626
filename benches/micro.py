#!/usr/bin/env python3
"""Measures the functions that only calculate, on this library and on the reference: benches/micro.c on each of them.

The two take turns for a number of rounds; the table shows the medians of CPU time per call, their ratio, and at the end
the geometric mean of the ratios. With --instructions it counts instructions under callgrind instead, which gives the
same numbers each time; but an emulated processor has neither SHA instructions nor AVX-512.
"""

import argparse
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "tests" / "reference" / "reference"
BUILD = ROOT / "target" / "benches"


def measured(output):
    """{row: (figure, calls)}"""
    found = re.findall(r"^(\w+): ([\d.]+) (\d+)$", output, re.MULTILINE)
    return {name: (float(figure), int(calls)) for name, figure, calls in found}


class Bench:
    def __init__(self, options):
        self.options = options
        BUILD.mkdir(parents=True, exist_ok=True)
        self.program = BUILD / "micro"
        subprocess.run([os.environ.get("CC", "cc"), "-O2", str(ROOT / "benches" / "micro.c"), f"-I{options.include}", "-o",
                        str(self.program), f"-L{options.lib}", "-lmongoose"], check=True)

    def run(self, kind, *prefix):
        command = [*map(str, prefix), str(self.program), *self.options.only]
        environment = dict(os.environ, LD_BIND_NOW="1")
        if kind == "ours":
            environment["LD_LIBRARY_PATH"] = str(self.options.lib.resolve())
        else:
            command = [str(REFERENCE), "run", *command]
        result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
        if result.returncode:
            sys.exit(f"{kind}: exit status {result.returncode}")
        return measured(result.stdout)

    def time(self):
        """{row: {library: median nanoseconds}}"""
        rounds = [{kind: self.run(kind) for kind in ("ours", "reference")} for _ in range(self.options.rounds)]
        return {name: {kind: statistics.median(r[kind][name][0] for r in rounds) for kind in rounds[0]} for name in rounds[0]["ours"]}

    def instructions(self):
        """{row: {library: instructions per call}}"""
        counted = {kind: self.count(kind) for kind in ("ours", "reference")}
        return {name: {kind: counted[kind][name] for kind in counted} for name in counted["ours"]}

    def count(self, kind):
        with tempfile.TemporaryDirectory(prefix="mg-bench-") as folder:
            profile = pathlib.Path(folder) / "callgrind"
            rows = self.run(kind, "valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={profile}")
            cost = inclusive_costs(profile.read_text())
        return {name: cost["bench_" + name] / calls for name, (_, calls) in rows.items()}


def inclusive_costs(profile):
    """The cost of the calls of each function, its own calls included, in a profile of callgrind."""
    names, costs, callee, is_call = {}, {}, None, False
    for line in profile.splitlines():
        if line.startswith(("cfn=", "fn=")):
            number, name = re.match(r"c?fn=\((\d+)\)(?: (.*))?", line).groups()
            names.setdefault(number, name)
            if line.startswith("cfn="):
                callee = names[number]
        elif line.startswith("calls="):
            is_call = True
        elif is_call:
            costs[callee] = costs.get(callee, 0) + int(line.split()[1])
            is_call = False
    return costs


def label(name):
    """mg_match__long_name becomes mg_match, long name."""
    return re.sub(r"__(.*)", lambda m: ", " + m.group(1).replace("_", " "), name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lib", type=pathlib.Path, default=ROOT / "target" / "release")
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--instructions", action="store_true", help="count instructions instead of time")
    parser.add_argument("--only", action="append", default=[], help="rows whose name contains this, such as mg_json (repeatable)")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures to this file")
    options = parser.parse_args()
    bench = Bench(options)
    rows = bench.instructions() if options.instructions else bench.time()
    unit = "instructions" if options.instructions else "ns"
    print(f"| Function | {unit}, ours | {unit}, reference | ratio |")
    print("|---|---|---|---|")
    for name, figures in rows.items():
        ours, reference = figures["ours"], figures["reference"]
        print(f"| {label(name)} | {ours:,.1f} | {reference:,.1f} | {ours / reference:.2f} |")
    ratios = [figures["ours"] / figures["reference"] for figures in rows.values()]
    mean = math.exp(statistics.fmean(map(math.log, ratios)))
    print(f"| **geometric mean of {len(ratios)} rows** | | | **{mean:.2f}** |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
