#!/usr/bin/env python3
"""A library built with other layout options agrees with the header of that build, with nothing else.

Builds the library with MG_DATA_SIZE, MG_MAX_HTTP_HEADERS and MG_DASH_MAX_USER_NAME in a target
folder of its own, then compiles and runs a C program against it.
"""

import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OPTIONS = {"MG_DATA_SIZE": 64, "MG_MAX_HTTP_HEADERS": 7, "MG_DASH_MAX_USER_NAME": 40}
NAME = "libmongoose-d64-h7-u40"

PROGRAM = r"""
#include "mongoose.h"

#define CHECK(x) do { if (!(x)) { printf("FAIL layouts: %s\n", #x); failed++; } else passed++; } while (0)
static int passed, failed, opened;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_OPEN) return;
  /* The library must neither touch the tail of `data` nor miss the members behind it. */
  memset(c->data, 0xa5, sizeof(c->data));
  opened++;
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  struct mg_connection *c;
  struct mg_http_message hm;
  const char *request = "POST /x HTTP/1.1\r\nContent-Length: 3\r\n"
                        "b: 2\r\nc: 3\r\nd: 4\r\ne: 5\r\nf: 6\r\ng: 7\r\nh: 8\r\ni: 9\r\n\r\nabc";
  size_t i;

  CHECK(sizeof(c->data) == 64);
  CHECK(sizeof(struct mg_connection) == 320);
  CHECK(offsetof(struct mg_connection, tls) == 304);
  CHECK(sizeof(hm.headers) / sizeof(hm.headers[0]) == 7);
  CHECK(sizeof(struct mg_http_message) == 1072 - 23 * 32);
  CHECK(offsetof(struct mg_dash_user, token) == 48);
  CHECK(MG_ABI_CHECK());
  CHECK(!mg_abi_check(MG_VERSION, 32, 30, 32, sizeof(mgr), 288, 1072));
  CHECK(strstr(mg_abi(), " data=64 headers=7 user=40 ") != NULL);

  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  c = mg_listen(&mgr, "tcp://127.0.0.1:0", handler, &mgr);
  CHECK(c != NULL && opened == 1);
  if (c != NULL) {
    mg_mgr_poll(&mgr, 0);
    CHECK(c->is_listening && !c->is_udp && !c->is_closing && c->tls == NULL);
    CHECK(c->fn == handler && c->fn_data == &mgr && c->loc.port != 0);
    for (i = 0; i < sizeof(c->data); i++) {
      if ((unsigned char) c->data[i] != 0xa5) break;
    }
    CHECK(i == sizeof(c->data));
    c->is_closing = 1;
    mg_mgr_poll(&mgr, 0);
    CHECK(mgr.conns == NULL);
  }
  mg_mgr_free(&mgr);
  CHECK(mg_http_parse(request, strlen(request), &hm) > 0);
  CHECK(hm.headers[6].name.len == 1 && hm.headers[6].name.buf[0] == 'g');
  CHECK(hm.body.len == 3 && memcmp(hm.body.buf, "abc", 3) == 0);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cc", default=os.environ.get("CC", "cc"))
    parser.add_argument("--target", type=pathlib.Path, default=ROOT / "target" / "layout-test")
    options = parser.parse_args()
    committed = (ROOT / "include" / "mongoose.h").read_bytes()
    env = {**os.environ, **{name: str(value) for name, value in OPTIONS.items()}}
    subprocess.run(["cargo", "build", "--quiet", "--target-dir", str(options.target)], cwd=ROOT, env=env, check=True)
    built = options.target / "debug"
    failures = []

    if (ROOT / "include" / "mongoose.h").read_bytes() != committed:
        failures.append("the committed header was overwritten")
    header = (built / "include" / "mongoose.h").read_text()
    for name, value in OPTIONS.items():
        if not re.search(rf"^#define {name} {value}$", header, re.M):
            failures.append(f"{name} is not {value} in the header of the build")
    if sys.platform != "darwin":
        dynamic = subprocess.run(["readelf", "-d", str(built / "libmongoose.so")], capture_output=True, text=True).stdout
        if f"[{NAME}.so.7.23]" not in dynamic:
            failures.append(f"the SONAME is not {NAME}.so.7.23")

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source, binary = folder / "layout.c", folder / "layout"
        source.write_text(PROGRAM)
        (folder / f"{NAME}.so.7.23").symlink_to(built / "libmongoose.so")
        compiler = shlex.split(options.cc) + ["-Wall", "-Wextra", "-Werror"]
        subprocess.run(compiler + [f"-I{built / 'include'}", str(source), "-o", str(binary), f"-L{built}", "-lmongoose",
                                   f"-Wl,-rpath,{folder}", f"-Wl,-rpath,{built}"], check=True)
        run = subprocess.run([str(binary)], capture_output=True, text=True, timeout=60)
        print(run.stdout, end="")
        if run.returncode != 0:
            failures.append(f"the program ended with status {run.returncode}")
        # A program that asks for the wrong layout must not compile with either header.
        for include, define in ((ROOT / "include", "MG_DATA_SIZE=64"), (built / "include", "MG_DATA_SIZE=32")):
            run = subprocess.run(compiler + [f"-I{include}", f"-D{define}", "-fsyntax-only", str(source)],
                                 capture_output=True, text=True)
            if "MG_DATA_SIZE is" not in run.stderr:
                failures.append(f"{include} accepts {define}")

    for failure in failures:
        print("FAIL layouts:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
