-- HTTP and WebSocket echo in Lua, with the FFI of LuaJIT.
--
-- Run: LD_LIBRARY_PATH=target/release luajit c_examples/ffi/echo.lua http://127.0.0.1:8000
-- Try: curl -d hello http://127.0.0.1:8000/echo, and a WebSocket client on ws://127.0.0.1:8000/ws

local ffi = require "ffi"

ffi.cdef [[
  struct mg_str { const char *buf; size_t len; };
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
  void mg_http_reply_buf(struct mg_connection *, int status, const char *headers, const char *body, size_t len);
  void mg_ws_upgrade_headers(struct mg_connection *, struct mg_http_message *, const char *headers);
  const struct mg_str *mg_ws_get_data(const struct mg_ws_message *);
  int mg_ws_get_op(const struct mg_ws_message *);
  size_t mg_ws_send(struct mg_connection *, const char *buf, size_t len, int op);

  typedef struct { uint64_t bits[16]; } sigset_t;
  int sigprocmask(int how, const sigset_t *set, sigset_t *old);
  int sigpending(sigset_t *set);
]]

-- Calls from compiled code must not call back: everything here calls functions that may.
require("jit").off(true, true)

local mg = ffi.load "mongoose"

local function text(s)
  return s ~= nil and ffi.string(s.buf, s.len) or ""
end

local function reply(c, status, body)
  mg.mg_http_reply_buf(c, status, "Content-Type: text/plain\r\n", body, #body)
end

local routes = {
  ["/"] = function(c) reply(c, 200, "Hello from Lua\n") end,
  ["/echo"] = function(c, hm) reply(c, 200, text(mg.mg_http_get_body(hm))) end,
  ["/agent"] = function(c, hm) reply(c, 200, text(mg.mg_http_get_header(hm, "User-Agent"))) end,
  ["/ws"] = function(c, hm) mg.mg_ws_upgrade_headers(c, hm, nil) end,
  ["/fail"] = function() error "asked to fail" end,
}

local function not_found(c) reply(c, 404, "Not found\n") end

-- An error must not run through the frames of C, so it is caught here.
local handler = ffi.cast("mg_event_handler_t", function(c, ev, data)
  if ev == mg.MG_EV_HTTP_MSG then
    local hm = ffi.cast("struct mg_http_message *", data)
    local ok, err = pcall(routes[text(mg.mg_http_get_uri(hm))] or not_found, c, hm)
    if not ok then
      io.stderr:write(tostring(err), "\n")
      reply(c, 500, "Failed\n")
    end
  elseif ev == mg.MG_EV_WS_MSG then
    local wm = ffi.cast("struct mg_ws_message *", data)
    local message = mg.mg_ws_get_data(wm)
    mg.mg_ws_send(c, message.buf, message.len, mg.mg_ws_get_op(wm))
  end
end)

-- Lua has no signal handlers: SIGINT (2) and SIGTERM (15) are held back and looked for. Linux, 64-bit.
local signals = ffi.new("sigset_t", { { 2 ^ (2 - 1) + 2 ^ (15 - 1) } })
ffi.C.sigprocmask(0, signals, nil)

mg.mg_log_set_level(1)
local mgr = mg.mg_mgr_new()
local listener = mg.mg_http_listen(mgr, arg[1] or "http://127.0.0.1:8000", handler, nil)
if listener == nil then os.exit(1) end
print("Listening on port " .. mg.mg_addr_port(mg.mg_conn_loc(listener)))
io.stdout:flush()
repeat
  mg.mg_mgr_poll(mgr, 100)
  ffi.C.sigpending(signals)
until signals.bits[0] ~= 0
mg.mg_mgr_delete(mgr)
