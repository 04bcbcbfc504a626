// WebSocket both ways without formats.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static int s_open, s_echoes, s_errors;
static const char s_binary[] = "\0%s\xff";

static bool is(const struct mg_str *s, const void *data, size_t len) {
  return s != NULL && s->len == len && memcmp(s->buf, data, len) == 0;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    CHECK(is(mg_http_get_header(hm, "From-Client"), "100%s", 5));
    bool plain = hm->uri.len > 1;
    mg_ws_upgrade_headers(c, hm, plain ? NULL : "Sec-WebSocket-Protocol: b\r\nFrom-Server: 50%n\r\n");
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    CHECK(mg_ws_get_data(wm) == &wm->data && mg_ws_get_op(wm) == (wm->flags & 15));
    mg_ws_send(c, mg_ws_get_data(wm)->buf, mg_ws_get_data(wm)->len, mg_ws_get_op(wm));
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  bool plain = mg_conn_get_fn_data(c) != NULL;
  if (ev == MG_EV_WS_OPEN) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    CHECK(mg_conn_get_flag(c, MG_CONN_IS_WEBSOCKET) == 1 && mg_http_status(hm) == 101);
    // The client's first choice, unless the program chooses.
    CHECK(is(mg_http_get_header(hm, "Sec-WebSocket-Protocol"), plain ? "a" : "b", 1));
    if (!plain) CHECK(is(mg_http_get_header(hm, "From-Server"), "50%n", 4));
    s_open++;
    mg_ws_send(c, "text", 4, WEBSOCKET_OP_TEXT);
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    s_echoes++;
    if (mg_ws_get_op(wm) == WEBSOCKET_OP_TEXT) {
      CHECK(is(mg_ws_get_data(wm), "text", 4));
      mg_ws_send(c, s_binary, sizeof(s_binary), WEBSOCKET_OP_BINARY);
    } else {
      CHECK(mg_ws_get_op(wm) == WEBSOCKET_OP_BINARY && is(mg_ws_get_data(wm), s_binary, sizeof(s_binary)));
    }
  } else if (ev == MG_EV_ERROR) {
    s_errors++;
  }
}

int main(void) {
  struct mg_mgr *mgr = mg_mgr_new();
  char url[60];
  mg_log_set_level(MG_LL_NONE);
  struct mg_connection *listener = mg_http_listen(mgr, "http://127.0.0.1:0", server, NULL);
  const char *headers = "From-Client: 100%s\r\nSec-WebSocket-Protocol: a, b\r\n";
  snprintf(url, sizeof(url), "ws://127.0.0.1:%u", mg_addr_port(mg_conn_loc(listener)));
  CHECK(mg_ws_connect_headers(mgr, url, client, NULL, headers) != NULL);
  strcat(url, "/plain");
  CHECK(mg_ws_connect_headers(mgr, url, client, mgr, headers) != NULL);
  for (int i = 0; i < 3000 && s_echoes < 4; i++) mg_mgr_poll(mgr, 1);
  CHECK(s_open == 2 && s_echoes == 4 && s_errors == 0);
  CHECK(mg_ws_connect_headers(mgr, NULL, client, NULL, NULL) == NULL);
  CHECK(mg_ws_connect_headers(NULL, url, client, NULL, NULL) == NULL);
  // Without headers at all: not ours to answer, but a request.
  struct mg_connection *c = mg_ws_connect_headers(mgr, url, NULL, NULL, NULL);
  CHECK(c != NULL && mg_conn_send_buf(c)->len > 0);
  mg_close_conn(c);
  mg_mgr_delete(mgr);
  return 0;
}
