// WebSocket, both sides, when memory runs out at any allocation: the connection concerned gets MG_EV_ERROR, or the function
// fails; others go on, nothing leaks, and the next connection works.

#include "../failing_allocator.h"

static char big[50000];
static size_t received;
static int messages;
static bool closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, "A: %s\r\n", "b");
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    is(mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_TEXT) > 0);
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_WS_OPEN) {
    is(mg_ws_send(c, "small", 5, WEBSOCKET_OP_TEXT) > 0);
    is(mg_ws_printf(c, WEBSOCKET_OP_TEXT, "%s", "small") > 0);
    is(mg_ws_send(c, big, sizeof(big), WEBSOCKET_OP_BINARY) > 0);
    is(mg_ws_send(c, "ping", 4, WEBSOCKET_OP_PING) > 0);
    // Fragments: the receiver puts them together.
    is(mg_ws_send(c, big, 3000, 1) > 0);
    c->send.buf[c->send.len - 3008] &= 0x7f;
    is(mg_ws_send(c, big, 3000, 0) > 0);
  } else if (ev == MG_EV_WS_MSG) {
    received += ((struct mg_ws_message *) ev_data)->data.len;
    if (++messages == 4) mg_ws_send(c, "", 0, WEBSOCKET_OP_CLOSE);
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
  if (is(l != NULL)) {
    mg_snprintf(url, sizeof(url), "ws://127.0.0.1:%d/ws", mg_ntohs(l->loc.port));
    if (is(mg_ws_connect(&w->mgr, url, client, NULL, "B: %s\r\n", "c") != NULL)) poll_until(&w->mgr, &closed);
  }
  end(w);
  return messages == 4 && received == sizeof(big) + 6010;
}

int main(void) {
  memset(big, 'x', sizeof(big));
  every_allocation("messages", exchange);
  return 0;
}
