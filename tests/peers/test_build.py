"""Ways to build a program with the library: as the README shows, statically, from C++."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from example import ROOT, Server, enter

LIB = pathlib.Path(os.environ.get("MG_LIB", ROOT / "target" / "release"))
HELLO = ROOT / "c_examples" / "hello.c"


def build(*arguments):
    result = subprocess.run(list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode or result.stdout:
        raise AssertionError(f"{' '.join(map(str, arguments))}\n{result.stdout}")


class Build(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(enter(self, tempfile.TemporaryDirectory(prefix="mg-build-")))
        self.program = self.folder / "program"
        self.shared = [f"-L{LIB}", "-lmongoose", f"-Wl,-rpath,{LIB}"]

    def greets(self):
        with Server(self.program, "http://127.0.0.1:0") as server:
            self.assertEqual(server.get("/x"), (200, b"Hello, you asked for /x\n"))

    def test_program_in_the_readme(self):
        source = re.search(r"```c\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL).group(1)
        self.assertLessEqual(source.count("\n"), 25)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.assertIn("8000", source)
        (self.folder / "readme.c").write_text(source.replace("8000", str(port)))
        build("cc", "-Wall", "-Wextra", "-Werror", self.folder / "readme.c", f"-I{ROOT / 'include'}", "-o", self.program, *self.shared)
        server = Server(self.program, port=port)
        self.addCleanup(server.stop)
        self.assertEqual(server.get("/")[0], 200)

    def test_static_library(self):
        build("cc", HELLO, f"-I{ROOT / 'include'}", LIB / "libmongoose.a", "-o", self.program, "-lpthread", "-ldl", "-lm")
        libraries = subprocess.run(["ldd", self.program], capture_output=True, text=True).stdout
        self.assertNotIn("libmongoose", libraries)
        self.greets()

    @unittest.skipUnless(shutil.which("c++"), "no C++ compiler here")
    def test_cpp(self):
        build("c++", "-x", "c++", "-std=c++17", "-Wall", "-Wextra", HELLO, f"-I{ROOT / 'include'}", "-o", self.program, *self.shared)
        self.greets()


if __name__ == "__main__":
    unittest.main()
