// Compressed WebSocket messages, both sides, when memory runs out at any allocation: contexts, buffers that turn out to be
// too small for what inflates, and everything else. The connection concerned gets MG_EV_ERROR, or the function fails, or
// messages are not compressed; others go on, nothing leaks, and the next connection works.

#include "../failing_allocator.h"

static char big[90000], text[3000];
static size_t received;
static int messages;
static bool closed;
static struct mg_ws_deflate_opts opts = {.size = sizeof(opts), .level = 1};

static void server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, "A: %s\r\n", "b");
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    is(mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15) > 0);
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_OPEN) is(mg_ws_set_deflate(c, &opts));
  if (ev == MG_EV_WS_OPEN) {
    is(mg_ws_send(c, text, 100, WEBSOCKET_OP_TEXT) > 0);
    is(mg_ws_printf(c, WEBSOCKET_OP_TEXT, "%.*s", 100, text) > 0);
    is(mg_ws_send(c, big, sizeof(big), WEBSOCKET_OP_BINARY) > 0);
    is(mg_ws_send(c, NULL, 200, WEBSOCKET_OP_BINARY) > 0);
    size_t start = c->send.len;
    if (is(mg_ws_send(c, text, sizeof(text), WEBSOCKET_OP_TEXT) > 0)) {
      c->send.buf[start] &= 0x7f;
      if (!is(mg_ws_send(c, text, sizeof(text), WEBSOCKET_OP_CONTINUE) > 0)) c->is_closing = 1;
    }
  } else if (ev == MG_EV_WS_MSG) {
    received += ((struct mg_ws_message *) ev_data)->data.len;
    if (++messages == 5) mg_ws_send(c, "", 0, WEBSOCKET_OP_CLOSE);
  } else if (ev == MG_EV_CLOSE) {
    closed = true;
  }
}

static bool exchange(struct world *w) {
  char url[64];
  received = 0, messages = 0;
  closed = false;
  begin(w);
  begin_faults(w);
  struct mg_connection *l = mg_http_listen(&w->mgr, "http://127.0.0.1:0", server, NULL);
  if (is(l != NULL) && is(mg_ws_set_deflate(l, &opts))) {
    mg_snprintf(url, sizeof(url), "ws://127.0.0.1:%d/ws", mg_ntohs(l->loc.port));
    if (is(mg_ws_connect(&w->mgr, url, client, NULL, "B: %s\r\n", "c") != NULL)) poll_until(&w->mgr, &closed);
  }
  end(w);
  return messages == 5 && received == sizeof(big) + 400 + 2 * sizeof(text);
}

int main(void) {
  unsigned x = 1;
  for (size_t i = 0; i < sizeof(big); i++) x = x * 1664525 + 1013904223, big[i] = (char) (x >> 24);
  for (size_t i = 0; i < sizeof(text); i++) text[i] = (char) ('a' + i * i % 23);
  every_allocation("with contexts", exchange);
  opts.send_no_context = opts.recv_no_context = 1;
  every_allocation("without contexts", exchange);
  return 0;
}
