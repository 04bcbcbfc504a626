// Arguments that make no sense. Own, because the reference crashes on most of them. Every call fails as documented, and
// changes nothing.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static void nothing(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev, (void) ev_data;
}

static size_t vprint(struct mg_connection *c, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t n = mg_ws_vprintf(c, WEBSOCKET_OP_TEXT, fmt, &ap);
  va_end(ap);
  return n;
}

int main(void) {
  struct mg_connection c;
  struct mg_http_message hm;
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  memset(&c, 0, sizeof(c));
  memset(&hm, 0, sizeof(hm));
  c.fn = nothing;

  CHECK(mg_ws_send(NULL, "a", 1, WEBSOCKET_OP_TEXT) == 0);
  CHECK(mg_ws_wrap(NULL, 1, WEBSOCKET_OP_TEXT) == 0);
  CHECK(mg_ws_printf(NULL, WEBSOCKET_OP_TEXT, "%d", 1) == 0);
  CHECK(vprint(NULL, "%d", 1) == 0);
  mg_ws_upgrade(NULL, &hm, NULL), mg_ws_upgrade(&c, NULL, NULL);
  CHECK(c.send.len == 0 && c.pfn == NULL);
  CHECK(mg_ws_connect(NULL, "ws://127.0.0.1", nothing, NULL, NULL) == NULL);

  // Sizes that no memory has.
  CHECK(mg_ws_send(&c, "a", ~(size_t) 0, WEBSOCKET_OP_TEXT) == 0);
  CHECK(mg_ws_send(&c, "a", ~(size_t) 0 / 2, WEBSOCKET_OP_TEXT) == 0);
  CHECK(mg_ws_send(&c, "a", (size_t) 1 << 62, WEBSOCKET_OP_TEXT) == 0);
  CHECK(c.send.len == 0);

  // More than there is to wrap.
  mg_send(&c, "abc", 3);
  CHECK(mg_ws_wrap(&c, 4, WEBSOCKET_OP_TEXT) == 3);
  CHECK(mg_ws_wrap(&c, ~(size_t) 0, WEBSOCKET_OP_TEXT) == 3);
  CHECK(c.send.len == 3 && memcmp(c.send.buf, "abc", 3) == 0);
  c.send.len = 0;

  // No format: an empty message. No data: zeros.
  CHECK(vprint(&c, NULL) == 0);
  CHECK(c.send.len == 2 && memcmp(c.send.buf, "\x81\x00", 2) == 0);
  c.send.len = 0;
  CHECK(mg_ws_send(&c, NULL, 3, WEBSOCKET_OP_BINARY) == 5);
  CHECK(memcmp(c.send.buf, "\x82\x03\0\0\0", 5) == 0);
  c.send.len = 0;

  // A request without anything.
  mg_ws_upgrade(&c, &hm, NULL);
  CHECK(c.send.len > 12 && memcmp(c.send.buf, "HTTP/1.1 426", 12) == 0 && c.is_draining && !c.is_websocket);
  mg_iobuf_free(&c.send);

  // No handler.
  mg_mgr_init(&mgr);
  CHECK(mg_ws_connect(&mgr, "ws://127.0.0.1:1", NULL, NULL, NULL) != NULL);
  for (int i = 0; i < 100 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 10);
  CHECK(mgr.conns == NULL);
  mg_mgr_free(&mgr);
  return 0;
}
