"""HTTP and WebSocket echo in Python, with cffi (pip install cffi): the declarations are C, as in the header.

Run: LD_LIBRARY_PATH=target/release python3 c_examples/ffi/echo_cffi.py http://127.0.0.1:8000
Try: curl -d hello http://127.0.0.1:8000/echo, and a WebSocket client on ws://127.0.0.1:8000/ws
"""

import signal
import sys
import traceback

import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct mg_str { char *buf; size_t len; };
    typedef void (*mg_event_handler_t)(struct mg_connection *, int ev, void *ev_data);
    enum { MG_EV_HTTP_MSG = 11, MG_EV_WS_MSG = 13 };
    void mg_log_set_level(int level);
    struct mg_mgr *mg_mgr_new(void);
    void mg_mgr_poll(struct mg_mgr *, int ms);
    void mg_mgr_delete(struct mg_mgr *);
    struct mg_connection *mg_http_listen(struct mg_mgr *, const char *url, mg_event_handler_t, void *fn_data);
    struct mg_addr *mg_conn_loc(struct mg_connection *);
    uint16_t mg_addr_port(const struct mg_addr *);
    const struct mg_str *mg_http_get_uri(const struct mg_http_message *);
    const struct mg_str *mg_http_get_body(const struct mg_http_message *);
    struct mg_str *mg_http_get_header(struct mg_http_message *, const char *name);
    void mg_http_reply_buf(struct mg_connection *, int status, const char *headers, const void *body, size_t len);
    void mg_ws_upgrade_headers(struct mg_connection *, struct mg_http_message *, const char *headers);
    const struct mg_str *mg_ws_get_data(const struct mg_ws_message *);
    int mg_ws_get_op(const struct mg_ws_message *);
    size_t mg_ws_send(struct mg_connection *, const void *buf, size_t len, int op);
""")
lib = ffi.dlopen("libmongoose.so")


def text(s):
    return bytes(ffi.buffer(s.buf, s.len)) if s else b""


def reply(c, status, body):
    lib.mg_http_reply_buf(c, status, b"Content-Type: text/plain\r\n", body, len(body))


def serve_http(c, hm):
    match text(lib.mg_http_get_uri(hm)):
        case b"/":
            reply(c, 200, b"Hello from Python\n")
        case b"/echo":
            reply(c, 200, text(lib.mg_http_get_body(hm)))
        case b"/agent":
            reply(c, 200, text(lib.mg_http_get_header(hm, b"User-Agent")))
        case b"/ws":
            lib.mg_ws_upgrade_headers(c, hm, ffi.NULL)
        case b"/fail":
            raise ValueError("asked to fail")
        case _:
            reply(c, 404, b"Not found\n")


@ffi.callback("mg_event_handler_t")  # kept in a global for as long as the library may call it
def handler(c, ev, data):
    if ev == lib.MG_EV_HTTP_MSG:
        try:
            serve_http(c, ffi.cast("struct mg_http_message *", data))
        except Exception:  # cffi would print it too, but nobody would answer the request
            traceback.print_exc()
            reply(c, 500, b"Failed\n")
    elif ev == lib.MG_EV_WS_MSG:
        wm = ffi.cast("struct mg_ws_message *", data)
        message = lib.mg_ws_get_data(wm)
        lib.mg_ws_send(c, message.buf, message.len, lib.mg_ws_get_op(wm))


def main():
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    lib.mg_log_set_level(1)
    mgr = lib.mg_mgr_new()
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    listener = lib.mg_http_listen(mgr, url.encode(), handler, ffi.NULL)
    if not listener:
        sys.exit(1)
    print("Listening on port", lib.mg_addr_port(lib.mg_conn_loc(listener)), flush=True)
    while not stopped:
        lib.mg_mgr_poll(mgr, 1000)
    lib.mg_mgr_delete(mgr)


main()
