#!/usr/bin/env python3
"""Sizes of the library and of programs linked with it, and what it costs to load.

Loading is measured with a program that exits at once, linked with the shared library: the CPU time of the process, and
that of a call of dlopen() in another one. The libraries take turns; the table shows medians.
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "tests" / "reference" / "reference"
BUILD = ROOT / "target" / "benches" / "size"

EXIT = """
#include "mongoose.h"
int main(int argc, char *argv[]) {
  (void) argv;
  return argc > 1 ? (int) mg_millis() : 0;
}
"""

DLOPEN = """
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>
int main(int argc, char *argv[]) {
  struct timespec a, b;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  if (library == NULL) return 1;
  printf("%.3f\\n", (double) (b.tv_sec - a.tv_sec) * 1e6 + (double) (b.tv_nsec - a.tv_nsec) * 1e-3);
  return 0;
}
"""


def compile_program(name, source, *flags):
    """`source` is C text, or a file."""
    if not isinstance(source, pathlib.Path):
        (BUILD / f"{name}.c").write_text(source)
        source = BUILD / f"{name}.c"
    subprocess.run([os.environ.get("CC", "cc"), "-O2", str(source), "-o", str(BUILD / name), *map(str, flags)], check=True)
    return BUILD / name


def stripped(path):
    """Size of a file without symbols, in bytes."""
    copy = BUILD / "stripped"
    shutil.copy(path, copy)
    subprocess.run(["strip", str(copy)], check=True)
    return copy.stat().st_size


def process_microseconds(command, environment):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lib", type=pathlib.Path, default=ROOT / "target" / "release")
    parser.add_argument("--without-tls", type=pathlib.Path, help="folder of a library built without TLS")
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include")
    parser.add_argument("--rounds", type=int, default=101)
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    reference = subprocess.run([REFERENCE, "lib"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    stub = f"{reference}/python_names.so"

    builds = {"with TLS": options.lib}
    if options.without_tls:
        builds["without TLS"] = options.without_tls
    print("| Stripped | KB |")
    print("|---|---|")
    for name, folder in builds.items():
        static = compile_program("static", ROOT / "c_examples" / "hello.c", f"-I{options.include}", "-ffunction-sections",
                                 folder / "libmongoose.a", "-Wl,--gc-sections", "-pthread", "-ldl", "-lm")
        print(f"| libmongoose.so, {name} | {stripped(folder / 'libmongoose.so') / 1024:,.0f} |")
        print(f"| static hello, {name} | {stripped(static) / 1024:,.0f} |")
    # The module of the reference also has the binding for Python inside.
    print(f"| reference (with its Python binding) | {stripped(pathlib.Path(reference, 'libmongoose.so').resolve()) / 1024:,.0f} |")

    exit_at_once = compile_program("exit", EXIT, f"-I{options.include}", f"-L{options.lib}", "-lmongoose")
    dlopen = compile_program("dlopen", DLOPEN, "-ldl")
    libraries = {name: {"LD_LIBRARY_PATH": str(folder.resolve())} for name, folder in builds.items()}
    libraries["reference"] = {"LD_LIBRARY_PATH": reference, "LD_PRELOAD": stub}
    for folder in builds.values():
        soname = subprocess.run(["objdump", "-p", folder / "libmongoose.so"], check=True, stdout=subprocess.PIPE, text=True).stdout
        soname = next(line.split()[1] for line in soname.splitlines() if "SONAME" in line)
        if not (folder / soname).exists():
            (folder / soname).symlink_to("libmongoose.so")
    processes, loads = {name: [] for name in libraries}, {name: [] for name in libraries}
    for _ in range(options.rounds):
        for name, environment in libraries.items():
            environment = {**os.environ, **environment}
            processes[name].append(process_microseconds([exit_at_once], environment))
            library = f"{environment['LD_LIBRARY_PATH']}/libmongoose.so"
            output = subprocess.run([dlopen, library], env=environment, stdout=subprocess.PIPE, text=True)
            if output.returncode:
                sys.exit(f"{library} cannot be loaded")
            loads[name].append(float(output.stdout))
    print("\n| Loading | process that exits at once, us | dlopen, us |")
    print("|---|---|---|")
    for name in libraries:
        print(f"| {name} | {statistics.median(processes[name]):,.0f} | {statistics.median(loads[name]):,.0f} |")


if __name__ == "__main__":
    main()
