"""HTTP and WebSocket echo in Python, with ctypes: nothing to install or compile.

Run: LD_LIBRARY_PATH=target/release python3 c_examples/ffi/echo_ctypes.py http://127.0.0.1:8000
Try: curl -d hello http://127.0.0.1:8000/echo, and a WebSocket client on ws://127.0.0.1:8000/ws
"""

import ctypes
import signal
import sys
import traceback
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_ushort, c_void_p


class Str(ctypes.Structure):
    _fields_ = [("buf", c_void_p), ("len", c_size_t)]

    def __bytes__(self):
        return ctypes.string_at(self.buf, self.len)


Handler = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_void_p)
EV_HTTP_MSG, EV_WS_MSG = 11, 13

library = ctypes.CDLL("libmongoose.so")


def function(result, name, *arguments):
    f = getattr(library, name)
    f.restype, f.argtypes = result, arguments
    return f


mg_log_set_level = function(None, "mg_log_set_level", c_int)
mg_mgr_new = function(c_void_p, "mg_mgr_new")
mg_mgr_poll = function(None, "mg_mgr_poll", c_void_p, c_int)
mg_mgr_delete = function(None, "mg_mgr_delete", c_void_p)
mg_http_listen = function(c_void_p, "mg_http_listen", c_void_p, c_char_p, Handler, c_void_p)
mg_conn_loc = function(c_void_p, "mg_conn_loc", c_void_p)
mg_addr_port = function(c_ushort, "mg_addr_port", c_void_p)
mg_http_get_uri = function(POINTER(Str), "mg_http_get_uri", c_void_p)
mg_http_get_body = function(POINTER(Str), "mg_http_get_body", c_void_p)
mg_http_get_header = function(POINTER(Str), "mg_http_get_header", c_void_p, c_char_p)
mg_http_reply_buf = function(None, "mg_http_reply_buf", c_void_p, c_int, c_char_p, c_char_p, c_size_t)
mg_ws_upgrade_headers = function(None, "mg_ws_upgrade_headers", c_void_p, c_void_p, c_char_p)
mg_ws_get_data = function(POINTER(Str), "mg_ws_get_data", c_void_p)
mg_ws_get_op = function(c_int, "mg_ws_get_op", c_void_p)
mg_ws_send = function(c_size_t, "mg_ws_send", c_void_p, c_char_p, c_size_t, c_int)


def reply(c, status, body):
    mg_http_reply_buf(c, status, b"Content-Type: text/plain\r\n", body, len(body))


def serve(c, ev, data):
    if ev == EV_HTTP_MSG:
        uri = bytes(mg_http_get_uri(data).contents)
        if uri == b"/":
            reply(c, 200, b"Hello from Python\n")
        elif uri == b"/echo":
            reply(c, 200, bytes(mg_http_get_body(data).contents))
        elif uri == b"/agent":
            agent = mg_http_get_header(data, b"User-Agent")
            reply(c, 200, bytes(agent.contents) if agent else b"")
        elif uri == b"/ws":
            mg_ws_upgrade_headers(c, data, None)
        elif uri == b"/fail":
            raise ValueError("asked to fail")
        else:
            reply(c, 404, b"Not found\n")
    elif ev == EV_WS_MSG:
        message = bytes(mg_ws_get_data(data).contents)
        mg_ws_send(c, message, len(message), mg_ws_get_op(data))


@Handler  # kept in a global: ctypes forgets a callback that nobody refers to
def handler(c, ev, data):
    try:
        serve(c, ev, data)
    except Exception:  # ctypes would print it too, but nobody would answer the request
        traceback.print_exc()
        if ev == EV_HTTP_MSG:
            reply(c, 500, b"Failed\n")


def main():
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    mg_log_set_level(1)
    mgr = mg_mgr_new()
    listener = mg_http_listen(mgr, (sys.argv[1:] or ["http://127.0.0.1:8000"])[0].encode(), handler, None)
    if not listener:
        sys.exit(1)
    print("Listening on port", mg_addr_port(mg_conn_loc(listener)), flush=True)
    while not stopped:
        mg_mgr_poll(mgr, 1000)
    mg_mgr_delete(mgr)


main()
