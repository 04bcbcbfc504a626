"""The check of threads in the library that `make debug` builds."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIBRARY = pathlib.Path(os.environ.get("MG_CHECKED", ROOT / "target" / "checked")).resolve()
EXEMPT = {"mg_wakeup": (0, "mgr"), "mg_mgr_call": (0, "mgr")}
KINDS = {"struct mg_mgr *": "mgr", "struct mg_connection *": "conn", "struct mg_timer **": "timers", "struct mg_mqtt_session *": "session"}


def compiled(name, folder):
    binary = pathlib.Path(folder) / name
    subprocess.run(["cc", "-std=gnu11", "-g", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}", ROOT / "tests" / "threads" / f"{name}.c",
                    "-o", binary, f"-L{LIBRARY}", "-lmongoose", "-pthread", f"-Wl,-rpath,{LIBRARY}"], check=True)
    return binary


def declared(folder):
    """name -> position and kind of the first parameter that leads to a manager, as the compiler reads the header."""
    source, listing = pathlib.Path(folder) / "header.c", pathlib.Path(folder) / "prototypes"
    source.write_text("#include <mongoose.h>\n")
    subprocess.run(["gcc", "-std=gnu11", f"-I{ROOT / 'include'}", "-fsyntax-only", "-aux-info", listing, source], check=True)
    nm = subprocess.run(["nm", "-D", "--defined-only", LIBRARY / "libmongoose.so"], check=True, capture_output=True, text=True)
    exported = {line.split()[2] for line in nm.stdout.splitlines()}
    functions = {}
    for line in listing.read_text().splitlines():
        found = re.search(r"mongoose\.h:\d+:\w+ \*/ extern .*?\b(mg_\w+) \((.*)\);", line)
        if not found or found[1] not in exported:
            continue
        parameters = re.sub(r"\bconst ", "", re.sub(r"\([^()]*\)", "", found[2])).split(", ")
        for position, parameter in enumerate(parameters):
            if parameter in KINDS:
                functions[found[1]] = (position, KINDS[parameter])
                break
    return functions


class Threads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="mg-threads-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.violation = compiled("violation", cls.folder.name)
        cls.functions = declared(cls.folder.name)

    def violate(self, name, position, kind, stacks=False):
        environment = {**os.environ, "RUST_BACKTRACE": "1" if stacks else "0"}
        return subprocess.run([self.violation, name, str(position), kind], capture_output=True, text=True, env=environment, timeout=60)

    def test_every_function_with_a_manager_or_a_connection_is_checked(self):
        wanted = {name: subject for name, subject in self.functions.items() if name not in EXEMPT}
        self.assertGreater(len(wanted), 100)
        with ThreadPoolExecutor(4) as pool:
            for name, result in zip(wanted, pool.map(lambda item: self.violate(item[0], *item[1]), wanted.items())):
                with self.subTest(name):
                    self.assertEqual(result.returncode, -signal.SIGABRT)
                    self.assertNotIn("returned", result.stdout)
                    self.assertIn(f"mongoose: {name}() was called by thread ", result.stderr)

    def test_functions_for_other_threads_are_not(self):
        for name, subject in EXEMPT.items():
            self.assertEqual(self.functions[name], subject)
            result = self.violate(name, *subject)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "returned\n", ""))

    def test_the_report_names_functions_threads_and_callers(self):
        result = self.violate("mg_conn_id", 0, "conn", stacks=True)
        first, *rest = result.stderr.splitlines()
        self.assertRegex(first, r'^mongoose: mg_conn_id\(\) was called by thread \d+ "intruder", while thread \d+ "violation" is in '
                                r"mg_mgr_poll\(\) of the same manager\.$")
        text = "\n".join(rest)
        self.assertRegex(text, r"mg_conn_id\(\) was called from .*violation\+0x[0-9a-f]+\n +call_it\n +at .*violation\.c:\d+:\d+\n +intruder\n")
        self.assertRegex(text, r"mg_mgr_poll\(\) was called from\n +main\n +at .*violation\.c:\d+:\d+")

    def test_threads_that_take_turns_are_left_alone(self):
        result = subprocess.run([compiled("turns", self.folder.name)], capture_output=True, text=True, timeout=60)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))


if __name__ == "__main__":
    unittest.main()
