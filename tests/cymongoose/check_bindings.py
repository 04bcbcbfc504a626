#!/usr/bin/env python3
"""Checks where the published wheel's references to mg_* names lead when our library is preloaded.

    check_bindings.py PYTHON LIBRARY

PYTHON has the published cymongoose installed. Loads it twice, with LD_PRELOAD and with ctypes before the import, lets
the dynamic linker report every binding, and complains on a line that starts with FAIL. The last line is
"N passed, M failed".
"""

import os
import pathlib
import re
import subprocess
import sys

BINDING = re.compile(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: normal symbol `(mg_\w+|X25519_BASE_POINT)'")
REFERENCES = 203


def bindings(python, code, environment):
    """name -> file, for the references of the extension module"""
    found = {}
    environment = {**os.environ, "LD_DEBUG": "bindings", "LD_BIND_NOW": "1", **environment}
    report = subprocess.run([python, "-c", code], env=environment, stderr=subprocess.PIPE, text=True, check=True).stderr
    for source, target, name in BINDING.findall(report):
        if "/cymongoose/_mongoose." in source:
            found[name] = target
    return found


def main():
    python, library = sys.argv[1], str(pathlib.Path(sys.argv[2]).resolve())
    ways = {
        "LD_PRELOAD": ("import cymongoose", {"LD_PRELOAD": library}),
        "ctypes": (f"import ctypes; ctypes.CDLL({library!r}, mode=ctypes.RTLD_GLOBAL); import cymongoose", {}),
    }
    passed = failed = 0
    for way, (code, environment) in ways.items():
        found = bindings(python, code, environment)
        elsewhere = {name: target for name, target in found.items() if os.path.realpath(target) != library}
        for name, target in sorted(elsewhere.items()):
            print(f"FAIL {way}: {name} binds to {target}")
        if len(found) != REFERENCES:
            print(f"FAIL {way}: {len(found)} references, expected {REFERENCES}")
            failed += 1
        passed += len(found) - len(elsewhere)
        failed += len(elsewhere)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
