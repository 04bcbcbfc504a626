"""A manager in asyncio's loop: handlers of the library and coroutines on one thread. With ctypes, nothing to install.

Run: LD_LIBRARY_PATH=target/release python3 c_examples/loops/asyncio_loop.py http://127.0.0.1:8000
Try: curl http://127.0.0.1:8000/, /ticks and /later, and a WebSocket client on ws://127.0.0.1:8000/ws
"""

import asyncio
import ctypes
import signal
import sys
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_ulong, c_ushort, c_void_p


class Str(ctypes.Structure):
    _fields_ = [("buf", c_void_p), ("len", c_size_t)]

    def __bytes__(self):
        return ctypes.string_at(self.buf, self.len)


Handler = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_void_p)
EV_HTTP_MSG, EV_WS_MSG, WS_TEXT = 11, 13, 1
library = ctypes.CDLL("libmongoose.so")


def function(result, name, *arguments):
    f = getattr(library, name)
    f.restype, f.argtypes = result, arguments
    return f


mg_log_set_level = function(None, "mg_log_set_level", c_int)
mg_mgr_new = function(c_void_p, "mg_mgr_new")
mg_mgr_fd = function(c_int, "mg_mgr_fd", c_void_p)
mg_mgr_timeout = function(c_int, "mg_mgr_timeout", c_void_p)
mg_mgr_poll = function(None, "mg_mgr_poll", c_void_p, c_int)
mg_mgr_delete = function(None, "mg_mgr_delete", c_void_p)
mg_mgr_find = function(c_void_p, "mg_mgr_find", c_void_p, c_ulong)
mg_http_listen = function(c_void_p, "mg_http_listen", c_void_p, c_char_p, Handler, c_void_p)
mg_conn_id = function(c_ulong, "mg_conn_id", c_void_p)
mg_conn_loc = function(c_void_p, "mg_conn_loc", c_void_p)
mg_addr_port = function(c_ushort, "mg_addr_port", c_void_p)
mg_http_get_uri = function(POINTER(Str), "mg_http_get_uri", c_void_p)
mg_http_reply_buf = function(None, "mg_http_reply_buf", c_void_p, c_int, c_char_p, c_char_p, c_size_t)
mg_ws_upgrade_headers = function(None, "mg_ws_upgrade_headers", c_void_p, c_void_p, c_char_p)
mg_ws_get_data = function(POINTER(Str), "mg_ws_get_data", c_void_p)
mg_ws_send = function(c_size_t, "mg_ws_send", c_void_p, c_char_p, c_size_t, c_int)


def reply(c, body):
    mg_http_reply_buf(c, 200, None, body, len(body))


class Server:
    def __init__(self, url):
        self.loop, self.timer, self.ticks, self.tasks = asyncio.get_running_loop(), None, 0, set()
        self.handler = Handler(self.handle)  # kept: ctypes forgets a callback that nobody refers to
        mg_log_set_level(1)
        self.mgr = mg_mgr_new()
        self.listener = mg_http_listen(self.mgr, url.encode(), self.handler, None) or sys.exit(1)
        self.loop.add_reader(mg_mgr_fd(self.mgr), self.poll)
        self.update()

    def poll(self):
        mg_mgr_poll(self.mgr, 0)
        self.update()

    def update(self):
        """To be called after something was done to the manager or a connection outside of handlers."""
        if self.timer:
            self.timer.cancel()
        ms = mg_mgr_timeout(self.mgr)
        self.timer = self.loop.call_later(ms / 1000, self.poll) if ms >= 0 else None

    def close(self):
        for pending in filter(None, (self.timer, *self.tasks)):
            pending.cancel()
        self.loop.remove_reader(mg_mgr_fd(self.mgr))
        mg_mgr_delete(self.mgr)

    def handle(self, c, ev, data):
        if ev == EV_WS_MSG:
            message = bytes(mg_ws_get_data(data).contents)
            mg_ws_send(c, message, len(message), WS_TEXT)
        elif ev == EV_HTTP_MSG:
            match bytes(mg_http_get_uri(data).contents):
                case b"/ws":
                    mg_ws_upgrade_headers(c, data, None)
                case b"/ticks":
                    reply(c, b"%d\n" % self.ticks)
                case b"/later":
                    self.start(self.answer_later(mg_conn_id(c)))
                case _:
                    reply(c, b"Hello from asyncio\n")

    def start(self, coroutine):
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def answer_later(self, connection_id):
        await asyncio.sleep(0.05)
        if c := mg_mgr_find(self.mgr, connection_id):  # it may be gone by now
            reply(c, b"later\n")
            self.update()

    async def tick(self):
        while True:
            await asyncio.sleep(0.1)
            self.ticks += 1


async def main():
    server = Server((sys.argv[1:] or ["http://127.0.0.1:8000"])[0])
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        server.loop.add_signal_handler(number, stopped.set)
    print("Listening on port", mg_addr_port(mg_conn_loc(server.listener)), flush=True)
    server.start(server.tick())
    await stopped.wait()
    server.close()


asyncio.run(main())
