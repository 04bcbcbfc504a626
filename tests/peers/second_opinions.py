"""What nginx and h11 make of the bytes of a request, next to what this library does.

An outcome is a list: a string for each request that was understood, then "refused" when the rest was not. A rest that is
not yet complete adds nothing.
"""

import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time

import h11

from example import STARTUP_SECONDS

CONFIGURATION = """
daemon off; master_process off; worker_processes 1;
error_log {folder}/error.log; pid {folder}/pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen unix:{folder}/socket;
    location / {{ return 200 "$request_method $request_uri"; }}
    location /files/ {{ alias {files}/; }}
  }}
}}
"""


def read_until_closed(connection):
    data = bytearray()
    try:
        while chunk := connection.recv(1 << 16):
            data += chunk
    except ConnectionError:
        pass
    return bytes(data)


def responses(data):
    """Status and body of each response, all with Content-Length."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
        found.append((int(head.split()[1]), data[:length]))
        data = data[length:]
    return found


def talk(connection, sent, half_close=True):
    """All responses to the bytes, after which the client has nothing more to say."""
    with connection:
        try:
            connection.sendall(sent)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass
        return responses(read_until_closed(connection))


class Nginx:
    """An instance of its own, on a socket in a temporary folder."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory(prefix="mg-nginx-")
        configuration = pathlib.Path(self.folder.name, "nginx.conf")
        configuration.write_text(CONFIGURATION.format(folder=self.folder.name, files=files))
        self.process = subprocess.Popen(["nginx", "-p", self.folder.name, "-c", configuration], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        try:
            connection.connect(f"{self.folder.name}/socket")
        except OSError:
            connection.close()
            raise
        return connection

    def __enter__(self):
        deadline = time.monotonic() + STARTUP_SECONDS
        while True:
            try:
                self.connect().close()
                return self
            except OSError:
                if time.monotonic() > deadline:
                    self.__exit__()
                    raise
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def outcome(self, sent):
        return [body.decode() if status == 200 else "refused" for status, body in talk(self.connect(), sent)]


def h11_outcome(sent):
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(sent)
    outcome, request = [], None
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return outcome + ["refused"]
        if isinstance(event, h11.Request):
            request, body = event, b""
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            outcome.append(f"{request.method.decode()} {request.target.decode()} {body.decode()}")
            connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is h11.MUST_CLOSE:
                return outcome
            connection.start_next_cycle()
        else:
            return outcome
