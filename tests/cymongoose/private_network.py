#!/usr/bin/env python3
"""Runs a command where public names resolve to this machine: private_network.py COMMAND [ARG...]

Some of cymongoose's tests talk to public servers. Here they run unmodified against local ones: in a network and mount
namespace of their own, where a name server answers any question with 127.0.0.1 and a time server tells the time.
Nothing leaves the namespace. Exits with the status of the command.
"""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

INSIDE = "PRIVATE_NETWORK"
# The name server that a manager asks by default; the namespace has no other use for the address.
DEFAULT_NAME_SERVER = "8.8.8.8"
NTP_EPOCH = 2208988800
MS_BIND = 4096
SIOCSIFADDR, SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8916, 0x8913, 0x8914
IFF_UP = 1


def set_up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = struct.unpack_from("16sh", fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0)))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))
        # An alias of the loopback interface: packets to this address arrive here.
        address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(DEFAULT_NAME_SERVER))
        fcntl.ioctl(s, SIOCSIFADDR, address)


def replace_file(path, content):
    """Puts another file in the place of a system file, in this mount namespace."""
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(content)
    os.chmod(file.name, 0o644)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(file.name.encode(), os.path.realpath(path).encode(), None, MS_BIND, None) != 0:
        raise OSError(ctypes.get_errno(), f"cannot bind {path}")
    os.unlink(file.name)


def answer(query):
    """A DNS answer: 127.0.0.1 for a question of type A, no record for any other (RFC 1035, section 4)."""
    end = 12
    while query[end]:
        end += query[end] + 1
    question = query[12 : end + 5]
    is_address = struct.unpack("!H", question[-4:-2])[0] == 1
    record = b"\xc0\x0c" + struct.pack("!HHIH4B", 1, 1, 60, 4, 127, 0, 0, 1) if is_address else b""
    return query[:2] + struct.pack("!HHHHH", 0x8180, 1, bool(record), 0, 0) + question + record


def time_packet(request):
    """A server's packet: version 4, stratum 1, the request's transmit time as originate time (RFC 5905, section 7.3)."""
    now = int((time.time() + NTP_EPOCH) * 2**32)
    return struct.pack("!BBBbII4sQ8sQQ", 0x24, 1, 6, -20, 0, 0, b"LOCL", now, request[40:48], now, now)


def serve(address, port, respond):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))

    def loop():
        while True:
            request, peer = s.recvfrom(2048)
            try:
                s.sendto(respond(request), peer)
            except (IndexError, struct.error):
                continue

    threading.Thread(target=loop, daemon=True).start()


def main():
    command = sys.argv[1:]
    if not command:
        sys.exit(__doc__)
    if INSIDE not in os.environ:
        own = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        os.execvpe("unshare", [*own, sys.executable, str(pathlib.Path(__file__).resolve()), *command], {**os.environ, INSIDE: "1"})
    set_up_loopback()
    replace_file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    replace_file("/etc/hosts", "127.0.0.1 localhost\n")
    serve("127.0.0.1", 53, answer)
    serve(DEFAULT_NAME_SERVER, 53, answer)
    serve("127.0.0.1", 123, time_packet)
    sys.exit(subprocess.run(command).returncode)


if __name__ == "__main__":
    main()
