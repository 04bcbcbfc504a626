#!/usr/bin/env python3
"""The library as `make install` puts it into a prefix, used by the projects in this folder."""

import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "peers"))
from example import Server, enter  # noqa: E402

ABI = "7.23"
SONAME = f"libmongoose.so.{ABI}"
# No cargo, as for root; nothing that the caller's make said.
BARE = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


def run(*command, env=None, cwd=ROOT):
    """Standard output; a failure or a word on standard error is an error."""
    command = [str(part) for part in command]
    result = subprocess.run(command, cwd=cwd, env={**BARE, **(env or {})}, capture_output=True, text=True, timeout=300)
    if result.returncode or result.stderr:
        raise AssertionError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def make(*arguments, **options):
    return run("make", "--no-print-directory", *arguments, **options)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


class Installed(unittest.TestCase):
    """Has an installed copy in self.prefix, and a scratch folder per test."""

    @classmethod
    def setUpClass(cls):
        cls.prefix = pathlib.Path(enter(cls, tempfile.TemporaryDirectory(prefix="mg-install-"))) / "prefix"
        make("install", f"PREFIX={cls.prefix}")

    def setUp(self):
        self.folder = pathlib.Path(enter(self, tempfile.TemporaryDirectory(prefix="mg-consumer-")))

    def serves(self, program, shared):
        libraries = run("readelf", "-d", program)
        self.assertEqual(f"[{SONAME}]" in libraries, shared, libraries)
        with Server(program) as server:
            self.assertEqual(server.get("/some/where"), (200, b"7.23 /some/where\n"))


class Files(Installed):
    def test_installed_files(self):
        version = re.search(r"^Version: (.*)$", (self.prefix / "lib/pkgconfig/mongoose.pc").read_text(), re.M).group(1)
        self.assertRegex(version, rf"^{re.escape(ABI)}\.\d+$")
        self.assertEqual(files(self.prefix), sorted([
            "include/mongoose.h", "include/mongoose.hpp", "lib/libmongoose.a", "lib/libmongoose.so", f"lib/{SONAME}", f"lib/libmongoose.so.{version}",
            "lib/cmake/mongoose/mongoose-config.cmake", "lib/cmake/mongoose/mongoose-config-version.cmake",
            "lib/pkgconfig/mongoose.pc", "share/man/man3/libmongoose.3",
            *(f"share/doc/libmongoose/{name}" for name in ("CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md"))]))
        lib = self.prefix / "lib"
        self.assertEqual(os.readlink(lib / "libmongoose.so"), SONAME)
        self.assertEqual(os.readlink(lib / SONAME), f"libmongoose.so.{version}")
        self.assertIn(f"soname: [{SONAME}]", run("readelf", "-d", lib / "libmongoose.so"))
        for path in self.prefix.rglob("*"):
            if not path.is_symlink():
                executable = path.is_dir() or ".so." in path.name
                self.assertEqual(path.stat().st_mode & 0o777, 0o755 if executable else 0o644, path)
        for text in [*self.prefix.rglob("*.cmake"), *self.prefix.rglob("*.pc"), *self.prefix.rglob("*.3")]:
            self.assertNotRegex(text.read_text(), r"@[A-Z_]+@", text)

    def test_variables_and_uninstall(self):
        variables = [f"DESTDIR={self.folder}", "PREFIX=/usr", "LIBDIR=/usr/lib/any-machine", "INCLUDEDIR=/usr/include/mg"]
        make("install", *variables)
        installed = files(self.folder)
        self.assertIn("usr/lib/any-machine/libmongoose.so", installed)
        self.assertIn("usr/include/mg/mongoose.h", installed)
        self.assertEqual({name.split("/")[1] for name in installed}, {"lib", "include", "share"})
        flags = run("pkg-config", "--cflags", "--libs", "mongoose", env={
            "PKG_CONFIG_LIBDIR": str(self.folder / "usr/lib/any-machine/pkgconfig"), "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1"})
        self.assertEqual(flags.split(), ["-I/usr/include/mg", "-L/usr/lib/any-machine", "-lmongoose"])
        make("uninstall", *variables)
        self.assertEqual(files(self.folder), [])

    def test_strip(self):
        make("install-strip", f"PREFIX={self.folder}")
        self.assertNotIn(".debug_line", run("readelf", "-SW", self.folder / "lib/libmongoose.so"))
        self.assertLess((self.folder / "lib/libmongoose.so").stat().st_size, 6 << 20)
        self.assertLess((self.folder / "lib/libmongoose.a").stat().st_size, 12 << 20)
        make("-C", HERE / "flags", f"{self.folder}/server_archive", f"OUT={self.folder}", f"PREFIX={self.folder}")
        self.serves(self.folder / "server_archive", shared=False)

    def test_nothing_built(self):
        with self.assertRaisesRegex(AssertionError, "run make build first"):
            make("install", "LIB=/nowhere", f"PREFIX={self.folder}")
        self.assertEqual(files(self.folder), [])

    def test_other_layout_has_another_soname(self):
        commands = make("--dry-run", "install", "MG_DATA_SIZE=64", f"PREFIX={self.folder}")
        self.assertIn(f"lib/libmongoose-d64-h30-u32.so.{ABI}'", commands)

    def test_static_library_shows_the_interface_only(self):
        def names(*command):
            return {line.split()[-1] for line in run("nm", "--defined-only", *command).splitlines() if len(line.split()) == 3}
        shared = names("-D", self.prefix / "lib/libmongoose.so")
        self.assertGreater(len(shared), 250)
        self.assertEqual(names("-g", self.prefix / "lib/libmongoose.a"), shared)

    def test_man_page(self):
        self.assertEqual(run("mandoc", "-Tlint", "-Wwarning", self.prefix / "share/man/man3/libmongoose.3"), "")

    def test_libs_private(self):
        """What rustc links with any static library, but for what a C compiler links by itself, and nothing of our own."""
        rustc = subprocess.run(["rustc", "--crate-type=staticlib", "--print=native-static-libs", "-o", self.folder / "empty.a", "-"],
                               input="", capture_output=True, text=True, check=True).stderr
        wanted = set(re.search(r"native-static-libs: (.*)", rustc).group(1).split()) - {"-lgcc_s", "-lc"}
        pc = (self.prefix / "lib/pkgconfig/mongoose.pc").read_text()
        self.assertEqual(set(re.search(r"Libs.private: (.*)", pc).group(1).split()), wanted)
        cargo = subprocess.run(["cargo", "build", "--release", "--quiet", "--message-format=json"], cwd=ROOT, capture_output=True,
                               text=True, check=True, env={**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}).stdout
        linked = itertools.chain.from_iterable(re.findall(r'"([^"]*)"', found) for found in re.findall(r'"linked_libs":\[(.*?)\]', cargo))
        linked = list(linked)
        self.assertTrue(linked)
        self.assertEqual([name for name in linked if not name.startswith("static=")], [])


class Projects(Installed):
    def test_pkg_config(self):
        env = {"PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}
        run("pkg-config", "--validate", "mongoose", env=env)
        make("-C", HERE / "pkg_config", f"OUT={self.folder}", env=env)
        self.serves(self.folder / "server", shared=True)

    def test_pkg_config_static(self):
        env = {"PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}
        make("-C", HERE / "pkg_config", f"OUT={self.folder}", "STATIC=1", env=env)
        self.serves(self.folder / "server", shared=False)

    def test_flags(self):
        make("-C", HERE / "flags", f"OUT={self.folder}", f"PREFIX={self.prefix}")
        for program, shared in ("server", True), ("server_archive", False), ("server_static", False), ("server_cpp", True):
            with self.subTest(program):
                self.serves(self.folder / program, shared)

    def cmake(self, prefix):
        run("cmake", "-S", HERE / "cmake", "-B", self.folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
        run("cmake", "--build", self.folder / "build")
        for program, shared in ("server_shared", True), ("server_static", False), ("server_cpp", True):
            with self.subTest(program):
                self.serves(self.folder / "build" / program, shared)

    def test_cmake(self):
        self.cmake(self.prefix)

    def test_cmake_finds_a_tree_that_was_moved(self):
        make("install", f"DESTDIR={self.folder}/stage", "PREFIX=/opt/first", "LIBDIR=/opt/first/lib/x86_64-linux-gnu")
        (self.folder / "stage/opt/first").rename(self.folder / "second")
        self.cmake(self.folder / "second")

    def test_two_rust_libraries(self):
        other, ours = self.folder / "libother.a", self.prefix / "lib/libmongoose.a"
        subprocess.run(["rustc", "--crate-type=staticlib", "--edition=2024", "-O", HERE / "two_rust_libraries/other.rs", "-o", other],
                       check=True)
        whole = "-Wl,--whole-archive", ours, other, "-Wl,--no-whole-archive"
        for order in (other, ours), (ours, other), whole:
            program = self.folder / "program"
            run("cc", "-Wall", "-Wextra", "-Werror", HERE / "two_rust_libraries/program.c", f"-I{self.prefix}/include", *order,
                "-lpthread", "-ldl", "-lm", "-o", program)
            run(program)


class Header(Installed):
    def test_language_standards(self):
        (self.folder / "use.c").write_text("#include <mongoose.h>\nint main(void) { return mg_millis() == 0; }\n")
        for compiler, language, standards in (("cc", "c", ("gnu99", "c99", "c11", "c17", "c2x", "gnu2x")),
                                              ("c++", "c++", ("c++11", "c++14", "c++17", "c++20", "gnu++20"))):
            for standard in standards:
                with self.subTest(standard):
                    run(compiler, "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wredundant-decls",
                        "-Wshadow", "-Wundef", "-fsyntax-only",
                        f"-I{self.prefix}/include", self.folder / "use.c")

    def test_cpp_wrapper(self):
        (self.folder / "use.cpp").write_text("#include <mongoose.hpp>\nint main() { return mg_millis() == 0; }\n")
        for standard in "c++17", "c++20":
            with self.subTest(standard):
                run("c++", f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", f"-I{self.prefix}/include",
                    self.folder / "use.cpp")


if __name__ == "__main__":
    unittest.main()
