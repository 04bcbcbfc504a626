#!/usr/bin/env python3
"""Compiles and runs the code blocks of README.md and docs/*.md against an installed copy of the library.

How a fenced block is checked depends on its language:

  c        A program (it has a main) is compiled, without a warning, and run. One that listens is asked for a page, or
           connected to if it does not speak HTTP, on a free port in place of the one in the text; any other has to end
           with status 0. A fragment is compiled at file scope or else inside a handler, where c, ev, ev_data, hm, mgr
           and fn exist.
  sh       Run by bash -e in a folder that holds the page's files, with pkg-config knowing the installed copy.
  cmake    The CMakeLists.txt of a project in that folder: configured and built.
  python   Parsed.

A comment on the line before the fence says what else there is to know:

  <!-- file: NAME -->         the block is also written to NAME in the page's folder
  <!-- compile: REASON -->    compiled, not run
  <!-- text: REASON -->       not code to check

A page with <!-- code blocks: TEST --> is left to that test, which must name it.
"""

import argparse
import ast
import contextlib
import http.client
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.M | re.S)
OTHER_TEST = re.compile(r"^<!-- code blocks: (\S+) -->$", re.M)
MARK = re.compile(r"<!-- (file|compile|text): (.+?) -->\s*$")
KNOWN = {"c", "sh", "cmake", "python"}
PLAIN = {"text", "json", "http", "html"}
SECONDS = 30
WARNINGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror"]
UNUSED = ["-Wno-unused-function", "-Wno-unused-variable", "-Wno-unused-parameter", "-Wno-unused-but-set-variable"]
INSIDE = """#include <mongoose.h>
%s
void fragment(struct mg_connection *c, int ev, void *ev_data, struct mg_mgr *mgr, struct mg_http_message *hm, mg_event_handler_t fn);
void fragment(struct mg_connection *c, int ev, void *ev_data, struct mg_mgr *mgr, struct mg_http_message *hm, mg_event_handler_t fn) {
%s
}
"""


class Failure(Exception):
    pass


def run(*command, cwd, env=None):
    result = subprocess.run(list(map(str, command)), cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=120)
    if result.returncode:
        raise Failure(f"{' '.join(map(str, command))}: status {result.returncode}\n{result.stdout}")
    return result.stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Page:
    """One page, its folder of files, and the installed copy that it is checked against."""

    def __init__(self, path, prefix, folder):
        self.path, self.prefix, self.folder = path, prefix, folder
        self.text = path.read_text(encoding="utf-8")
        self.env = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig"), "CMAKE_PREFIX_PATH": str(prefix),
                    "LD_LIBRARY_PATH": str(prefix / "lib")}

    def has_other_test(self):
        other = OTHER_TEST.search(self.text)
        return bool(other) and self.path.name in (ROOT / other[1]).read_text(encoding="utf-8")

    def blocks(self):
        for match in FENCE.finditer(self.text):
            before = self.text[:match.start()].rstrip("\n").rsplit("\n", 1)[-1]
            mark = MARK.search(before)
            source = textwrap.dedent(match[3])
            yield self.text.count("\n", 0, match.start()) + 1, match[2], source, mark.groups() if mark else (None, None)

    def compile(self, source, name, *flags, libraries=()):
        path = self.folder / f"{name}.c"
        path.write_text(source)
        return run("cc", *WARNINGS, *flags, f"-I{self.prefix}/include", path, *libraries, cwd=self.folder)

    def fragment(self, source, name):
        """Lines that start with #include stay in front of the function."""
        includes = "".join(re.findall(r"^#include.*\n", source, re.M))
        body = re.sub(r"^#include.*\n", "", source, flags=re.M)
        try:
            self.compile(INSIDE % (includes, body), name, *UNUSED, "-fsyntax-only")
        except Failure as inside:
            try:
                self.compile(f"#include <mongoose.h>\n{source}", name, *UNUSED, "-fsyntax-only")
            except Failure as outside:
                raise Failure(f"inside a function:\n{inside}\nat file scope:\n{outside}") from None

    def program(self, source, name, execute):
        port = free_port()
        listens = re.search(r"\bmg_(\w*_)?listen\(", source)
        if listens:
            source = re.sub(r'(://[^"/\s]*):\d+', rf"\1:{port}", source)
        self.compile(source, name, "-o", self.folder / name, libraries=[f"-L{self.prefix}/lib", "-lmongoose"])
        if not execute:
            return
        with open(self.folder / f"{name}.log", "w+", encoding="utf-8", errors="replace") as log:
            process = subprocess.Popen([self.folder / name], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                if listens:
                    self.probe(process, port, "http" in source)
                elif process.wait(SECONDS):
                    raise Failure(f"the program ends with status {process.returncode}")
            except Failure as failure:
                log.seek(0)
                raise Failure(f"{failure}\n{log.read()}") from None
            except subprocess.TimeoutExpired:
                raise Failure(f"the program does not end within {SECONDS} s") from None
            finally:
                process.kill()
                process.wait()

    def probe(self, process, port, is_http):
        deadline = time.monotonic() + SECONDS
        while True:
            if process.poll() is not None:
                raise Failure(f"the program ends with status {process.returncode} instead of serving")
            with contextlib.suppress(ConnectionRefusedError):
                with socket.create_connection(("127.0.0.1", port), SECONDS):
                    break
            if time.monotonic() > deadline:
                raise Failure(f"the program does not listen on the port in its text, replaced by {port}")
            time.sleep(0.02)
        if is_http:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
            connection.request("GET", "/")
            if connection.getresponse().status >= 500:
                raise Failure("the program answers with an error")
            connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise Failure(f"the program ends with status {process.wait(0.5)} instead of serving")

    def check(self, number, language, source, kind, detail):
        name = f"block{number}"
        if kind == "file":
            (self.folder / detail).write_text(source)
        if kind == "text" or language in PLAIN:
            return
        if language not in KNOWN:
            raise Failure(f"a fence needs one of the languages {', '.join(sorted(KNOWN | PLAIN))}")
        if language == "python":
            ast.parse(source)
        elif language == "sh":
            run("bash", "-ec", source, cwd=self.folder, env=self.env)
        elif language == "cmake":
            (self.folder / "CMakeLists.txt").write_text(source)
            run("cmake", "-S", self.folder, "-B", self.folder / name, cwd=self.folder, env=self.env)
            run("cmake", "--build", self.folder / name, cwd=self.folder, env=self.env)
        elif re.search(r"\bmain\(", source):
            self.program(source, name, kind != "compile")
        else:
            self.fragment(source, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", type=pathlib.Path, default=[ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
    options = parser.parse_args()
    passed, failures = 0, []
    with tempfile.TemporaryDirectory(prefix="mg-docs-") as scratch:
        scratch = pathlib.Path(scratch)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        run("make", "install", f"PREFIX={scratch}/prefix", cwd=ROOT, env=env)
        for path in options.pages:
            folder = scratch / path.stem
            folder.mkdir()
            page = Page(path.resolve(), scratch / "prefix", folder)
            if page.has_other_test():
                continue
            for number, language, source, mark in page.blocks():
                try:
                    page.check(number, language, source, *mark)
                    passed += 1
                except (Failure, SyntaxError, subprocess.TimeoutExpired, OSError, http.client.HTTPException) as failure:
                    failures.append(f"FAIL {path.name}:{number}: {failure}")
    print("\n".join(failures), end="\n" if failures else "")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
