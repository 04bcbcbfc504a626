// HTTP and WebSocket echo in JavaScript, on Node with koffi (npm install koffi).
//
// Run: LD_LIBRARY_PATH=target/release node c_examples/ffi/echo.js http://127.0.0.1:8000
// Try: curl -d hello http://127.0.0.1:8000/echo, and a WebSocket client on ws://127.0.0.1:8000/ws

const koffi = require('koffi');

const lib = koffi.load('libmongoose.so');
const Str = koffi.struct('mg_str', { buf: 'void *', len: 'size_t' });
const Handler = koffi.proto('void mg_event_handler_t(void *c, int ev, void *data)');
const MG_EV_HTTP_MSG = 11, MG_EV_WS_MSG = 13;

const mg_log_set_level = lib.func('void mg_log_set_level(int level)');
const mg_mgr_new = lib.func('void *mg_mgr_new()');
const mg_mgr_poll = lib.func('void mg_mgr_poll(void *mgr, int ms)');
const mg_mgr_delete = lib.func('void mg_mgr_delete(void *mgr)');
const mg_http_listen = lib.func('void *mg_http_listen(void *mgr, str url, mg_event_handler_t *fn, void *fn_data)');
const mg_conn_loc = lib.func('void *mg_conn_loc(void *c)');
const mg_addr_port = lib.func('uint16_t mg_addr_port(void *addr)');
const mg_http_get_uri = lib.func('mg_str *mg_http_get_uri(void *hm)');
const mg_http_get_body = lib.func('mg_str *mg_http_get_body(void *hm)');
const mg_http_get_header = lib.func('mg_str *mg_http_get_header(void *hm, str name)');
const mg_http_reply_buf = lib.func('void mg_http_reply_buf(void *c, int status, str headers, const void *body, size_t len)');
const mg_ws_upgrade_headers = lib.func('void mg_ws_upgrade_headers(void *c, void *hm, str headers)');
const mg_ws_get_data = lib.func('mg_str *mg_ws_get_data(void *wm)');
const mg_ws_get_op = lib.func('int mg_ws_get_op(void *wm)');
const mg_ws_send = lib.func('size_t mg_ws_send(void *c, const void *buf, size_t len, int op)');

// A copy: the memory is the library's, and only valid until the handler returns.
function bytes(s) {
  if (s === null) return Buffer.alloc(0);
  const { buf, len } = koffi.decode(s, Str);
  return len ? Buffer.from(koffi.decode(buf, koffi.array('uint8_t', Number(len), 'Typed'))) : Buffer.alloc(0);
}

function reply(c, status, body) {
  const data = Buffer.from(body);
  mg_http_reply_buf(c, status, 'Content-Type: text/plain\r\n', data, data.length);
}

const routes = {
  '/': c => reply(c, 200, 'Hello from JavaScript\n'),
  '/echo': (c, hm) => reply(c, 200, bytes(mg_http_get_body(hm))),
  '/agent': (c, hm) => reply(c, 200, bytes(mg_http_get_header(hm, 'User-Agent'))),
  '/ws': (c, hm) => mg_ws_upgrade_headers(c, hm, null),
  '/fail': () => { throw new Error('asked to fail'); },
};
const notFound = c => reply(c, 404, 'Not found\n');

const handler = koffi.register((c, ev, data) => {
  if (ev === MG_EV_HTTP_MSG) {
    try {
      (routes[bytes(mg_http_get_uri(data))] ?? notFound)(c, data);
    } catch (error) { // It must not leave the callback: the library's frames are above.
      console.error(error.message);
      reply(c, 500, 'Failed\n');
    }
  } else if (ev === MG_EV_WS_MSG) {
    const message = bytes(mg_ws_get_data(data));
    mg_ws_send(c, message, message.length, mg_ws_get_op(data));
  }
}, koffi.pointer(Handler));

mg_log_set_level(1);
const mgr = mg_mgr_new();
const listener = mg_http_listen(mgr, process.argv[2] ?? 'http://127.0.0.1:8000', handler, null);
if (listener === null) process.exit(1);
console.log('Listening on port', mg_addr_port(mg_conn_loc(listener)));

let stopped = false;
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => { stopped = true; });

// The two loops take turns: other work of the program waits for 10 ms at most.
(function turn() {
  mg_mgr_poll(mgr, 10);
  if (!stopped) return setImmediate(turn);
  mg_mgr_delete(mgr);
  koffi.unregister(handler);
})();
