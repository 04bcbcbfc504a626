#!/usr/bin/env python3
"""The header refuses options that the library cannot honour, says what to do, and accepts the rest.

Also: it and its macros (every_macro.c) compile without a warning in every language version."""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WARNINGS = ["-Wall", "-Wextra", "-Wundef", "-pedantic", "-Werror"]

STRICT = WARNINGS + ["-Wshadow", "-Wconversion", "-Wdouble-promotion"]
STRICT_C = STRICT + ["-Wstrict-prototypes", "-Wmissing-prototypes"]
VERSIONS = {".c": ["c99", "c11", "c17"], ".cc": ["c++11", "c++17", "c++20"]}

LAYOUT = "use the header and library of that build"
REMOVE = "Remove "

# Options, and a part of the message they must give.
REFUSED = [
    ("MG_DATA_SIZE=64", LAYOUT),
    ("MG_DATA_SIZE=31", LAYOUT),
    ("MG_MAX_HTTP_HEADERS=7", LAYOUT),
    ("MG_DASH_MAX_USER_NAME=33", LAYOUT),
    ("MG_SOCKET_TYPE=long", "mg_check_socket_type_"),
    ("MG_INVALID_SOCKET=0", REMOVE),
    ("MG_ENABLE_CUSTOM_CALLOC=1", "replace those instead"),
    ("MG_TLS=MG_TLS_CUSTOM", REMOVE),
    ("MG_TLS=4", REMOVE),
    ("MG_OTA=MG_OTA_CUSTOM", REMOVE),
    ("MG_OTA=MG_OTA_FLASH", REMOVE),
    ("MG_OTA=1", REMOVE),
    ("MG_UECC_WORD_SIZE=4", REMOVE),
    ("MG_UECC_ENABLE_VLI_API=1", REMOVE),
    ("MG_UECC_VLI_NATIVE_LITTLE_ENDIAN=1", REMOVE),
    ("MG_UECC_SUPPORTS_secp160r1=1", REMOVE),
    ("MG_UECC_SUPPORTS_secp192r1=1", REMOVE),
    ("MG_UECC_SUPPORTS_secp224r1=1", REMOVE),
    ("MG_UECC_SUPPORTS_secp256k1=1", REMOVE),
    ("MG_ENABLE_TCPIP=1", REMOVE),
    ("MG_ENABLE_SOCKET=0", REMOVE),
    ("MG_ENABLE_TCPIP=1 MG_ENABLE_SOCKET=0", REMOVE),
    ("MG_ENABLE_LWIP=1", REMOVE),
    ("MG_ENABLE_FREERTOS=1", REMOVE),
    ("MG_ENABLE_FREERTOS_TCP=1", REMOVE),
    ("MG_ENABLE_RL=1", REMOVE),
    ("MG_ENABLE_BSD_SOCKETS=1", REMOVE),
    ("MG_ENABLE_FATFS=1", REMOVE),
    ("MG_ENABLE_LFS=1", REMOVE),
    ("MG_ARCH=MG_ARCH_WIN32", "leave MG_ARCH undefined"),
    ("MG_ARCH=MG_ARCH_FREERTOS", "leave MG_ARCH undefined"),
    ("MG_ARCH=5", "leave MG_ARCH undefined"),
]

# Options, and C expressions that are true with them.
ACCEPTED = [
    ("", "MG_TLS == MG_TLS_BUILTIN && MG_ENABLE_IPV6 && MG_ENABLE_SSI"),
    ("MG_DATA_SIZE=32 MG_MAX_HTTP_HEADERS=30 MG_DASH_MAX_USER_NAME=32", "1"),
    ("MG_SOCKET_TYPE=int MG_INVALID_SOCKET=-1", "sizeof(MG_SOCKET_TYPE) == sizeof(int)"),
    ("MG_ARCH=MG_ARCH_UNIX", "MG_ARCH == 1"),
    ("MG_ARCH=1", "MG_ARCH == MG_ARCH_UNIX"),
    ("MG_TLS=MG_TLS_NONE", "MG_TLS == 0"),
    ("MG_TLS=MG_TLS_BUILTIN MG_ENABLE_LINES", "MG_TLS == 3"),
    ("MG_TLS=MG_TLS_MBED", "MG_TLS == 1"),
    ("MG_TLS=MG_TLS_OPENSSL", "MG_TLS == 2"),
    ("MG_TLS=MG_TLS_WOLFSSL", "MG_TLS == 5"),
    ("MG_OTA=MG_OTA_NONE", "MG_OTA == 0"),
    ("MG_ENABLE_IPV6=1 MG_ENABLE_SSI=1 MG_HTTP_DIRLIST_TIME_FMT=1", "MG_ENABLE_IPV6 == 1"),
    ("MG_ENABLE_IPV6=0 MG_ENABLE_DIRLIST=0 MG_ENABLE_MD5=0 MG_ENABLE_CHACHA20=0", "!MG_ENABLE_MD5"),
    ("MG_IO_SIZE=8192", "MG_IO_SIZE == 8192 && MG_DASH_MAX_SEND_BUF_SIZE == 5 * 8192"),
    ("MG_MAX_RECV_SIZE=1000 MG_JSON_MAX_DEPTH=5 MG_SOCK_LISTEN_BACKLOG_SIZE=3", "MG_MAX_RECV_SIZE == 1000"),
    ("MG_PATH_MAX=100", "MG_PATH_MAX == 100"),
    ('MG_HTTP_ADDR="x"', "sizeof(MG_HTTP_ADDR) == 2"),
    ("MG_ENABLE_CUSTOM_RANDOM=1 MG_ENABLE_CUSTOM_MILLIS=1 MG_ENABLE_CUSTOM_LOG=1", "MG_ENABLE_CUSTOM_LOG == 1"),
    ("MG_ENABLE_CUSTOM_CALLOC=0 MG_ENABLE_TCPIP=0 MG_ENABLE_SOCKET=1", "1"),
    ("MG_ENABLE_LOG=0", "!MG_ENABLE_LOG"),
    ("MG_ENABLE_ASSERT=1", "1"),
    ("MG_ENABLE_PROFILE=1", "sizeof(struct mg_profitem) == 16"),
    ("MG_ENABLE_EPOLL=0", "1"),
    ("MG_ENABLE_EPOLL=0 MG_ENABLE_POLL=1", "POLLIN"),
    ("MG_OTA_FIRMWARE_VERSION=\"2.0\"", "sizeof(MG_OTA_FIRMWARE_VERSION) == 4"),
    ("MG_UECC_WORD_SIZE=8 MG_UECC_ENABLE_VLI_API=0 MG_UECC_SUPPORTS_secp256r1=1", "MG_UECC_WORD_BITS == 64"),
]

# Contents of mongoose_config.h with -DMG_ARCH=MG_ARCH_CUSTOM; what must be in the message, or None.
CONFIG = [
    ("#define MG_ENABLE_LOG 0\n", None),
    ("#undef MG_ARCH\n#define MG_ARCH MG_ARCH_UNIX\n", None),
    ("#define MG_DATA_SIZE 64\n", LAYOUT),
    ("#undef MG_ARCH\n#define MG_ARCH MG_ARCH_ZEPHYR\n", "leave MG_ARCH undefined"),
]


def compiles(command, folder, suffix, text):
    """An empty string when it compiles, else what the compiler said."""
    path = folder / ("test" + suffix)
    path.write_text(text)
    run = subprocess.run(command + [f"-I{folder}", "-fsyntax-only", str(path)],
                         capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return "" if run.returncode == 0 else run.stderr or "failed"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--header", type=pathlib.Path, default=ROOT / "include" / "mongoose.h")
    parser.add_argument("--cc", default=os.environ.get("CC", "cc"))
    parser.add_argument("--cxx", default=os.environ.get("CXX", "c++"))
    options = parser.parse_args()
    include = f"-I{options.header.resolve().parent}"
    compilers = {".c": shlex.split(options.cc) + [include], ".cc": shlex.split(options.cxx) + [include]}
    passed, failed = 0, 0

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def expect(label, define, text, message):
            for suffix, compiler in compilers.items():
                command = compiler + [f"-std={VERSIONS[suffix][0]}"] + WARNINGS + define
                judge(f"{label} ({suffix})", compiles(command, folder, suffix, text), message)

        def judge(label, said, message):
            nonlocal passed, failed
            if said if message is None else message not in said:
                failed += 1
                print(f"FAIL options: {label}: expected {message or 'success'}, got {said[:300] or 'success'}")
            else:
                passed += 1

        def flags(names):
            return ["-D" + name for name in names.split()]

        bare = '#include "mongoose.h"\nint main(void) { return 0; }\n'
        for names, message in REFUSED:
            expect(names, flags(names), bare, message)
        for names, truth in ACCEPTED:
            text = ('#include "mongoose.h"\ntypedef char check[(%s) ? 1 : -1];\n'
                    'int main(void) { return (int) sizeof(check) - 1; }\n' % truth)
            expect(names or "no option", flags(names), text, None)
        for content, message in CONFIG:
            (folder / "mongoose_config.h").write_text(content)
            expect("mongoose_config.h with " + content.strip(), ["-DMG_ARCH=MG_ARCH_CUSTOM"], bare, message)

        text = (HERE / "every_macro.c").read_text()
        for suffix, versions in VERSIONS.items():
            for version in versions:
                for define in ([], ["-DMG_ENABLE_PROFILE=1"], ["-DMG_ENABLE_LOG=0"], ["-DMG_ENABLE_ASSERT=1"]):
                    command = compilers[suffix] + [f"-std={version}"] + (STRICT_C if suffix == ".c" else STRICT) + define
                    judge(f"every macro, {version} {define}", compiles(command, folder, suffix, text), None)

    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
