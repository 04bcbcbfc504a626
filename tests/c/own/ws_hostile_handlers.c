// Handlers that do what they like with the connection, in every WebSocket event, on both sides. Own, because the reference
// reads freed memory. Nothing but survival is asked for, and that another connection still works afterwards.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

enum { FREE_RECV, EMPTY_RECV, SHRINK_RECV, CUT_FRONT, GROW_RECV, FREE_SEND, NO_PFN, OTHER_PFN, NO_FN, CLOSE, IS_CLOSING, IS_DRAINING,
       POLL, LARGE_CURSOR, NO_CURSOR, SEND_MUCH, SEND_CLOSE, CONNECT, STEAL_DATA, CALL_READ, UPGRADE_AGAIN, FAIL, ACTIONS };

static int s_action, s_event, s_depth, s_done;
static bool s_open;
static struct mg_http_message s_request;

static void other(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev, (void) ev_data;
}

static void act(struct mg_connection *c, void *ev_data) {
  static char big[300000];
  long n = (long) c->recv.len;
  char url[50];
  s_done++;
  switch (s_action) {
    case FREE_RECV: mg_iobuf_free(&c->recv); break;
    case EMPTY_RECV: c->recv.len = 0; break;
    case SHRINK_RECV: c->recv.len /= 2; break;
    case CUT_FRONT: mg_iobuf_del(&c->recv, 0, 3); break;
    case GROW_RECV: if (s_depth++ < 3) mg_iobuf_resize(&c->recv, c->recv.size + 1000000); break;
    case FREE_SEND: mg_iobuf_free(&c->send); break;
    case NO_PFN: c->pfn = NULL; break;
    case OTHER_PFN: c->pfn = other; break;
    case NO_FN: c->fn = NULL; break;
    case CLOSE: mg_close_conn(c); break;
    case IS_CLOSING: c->is_closing = 1; break;
    case IS_DRAINING: c->is_draining = 1; break;
    case POLL: if (s_depth++ < 3) mg_mgr_poll(c->mgr, 1); break;
    case LARGE_CURSOR: c->pfn_data = (void *) ~(size_t) 0; break;
    case NO_CURSOR: c->pfn_data = NULL; break;
    case SEND_MUCH: if (s_depth++ < 10) mg_ws_send(c, big, sizeof(big), WEBSOCKET_OP_BINARY); break;
    case SEND_CLOSE: mg_ws_send(c, "", 0, WEBSOCKET_OP_CLOSE); break;
    case CONNECT:
      snprintf(url, sizeof(url), "ws://127.0.0.1:%d", mg_ntohs(c->is_client ? c->rem.port : c->loc.port));
      if (s_depth++ < 3) mg_ws_connect(c->mgr, url, other, NULL, NULL);
      break;
    case STEAL_DATA: if (ev_data != NULL) memset(ev_data, 0, sizeof(struct mg_ws_message)); break;
    case CALL_READ: if (s_depth++ < 3) mg_call(c, MG_EV_READ, &n); break;
    case UPGRADE_AGAIN: if (s_depth++ < 3) mg_ws_upgrade(c, &s_request, NULL); break;
    case FAIL: if (s_depth++ < 3) mg_error(c, "enough"); break;
  }
}

static void check(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == s_event) act(c, ev >= MG_EV_WS_MSG ? ev_data : NULL);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  check(c, ev, ev_data);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WS_OPEN) {
    // All kinds of frames, then more of them than are kept in one piece.
    for (int i = 0; i < 2; i++) {
      size_t start = c->send.len;
      mg_ws_send(c, "first", 5, WEBSOCKET_OP_TEXT), c->send.buf[start] = WEBSOCKET_OP_TEXT;
      mg_ws_send(c, "ping", 4, WEBSOCKET_OP_PING);
      start = c->send.len;
      mg_ws_send(c, "middle", 6, WEBSOCKET_OP_CONTINUE), c->send.buf[start] = WEBSOCKET_OP_CONTINUE;
      mg_ws_send(c, "last", 4, WEBSOCKET_OP_CONTINUE);
      for (int k = 0; k < 1000; k++) mg_ws_send(c, "message", 7, WEBSOCKET_OP_TEXT);
    }
    mg_ws_send(c, "", 0, WEBSOCKET_OP_CONTINUE);
    mg_ws_send(c, "\x03\xe8", 2, WEBSOCKET_OP_CLOSE);
  }
  check(c, ev, ev_data);
}

static void good_client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WS_OPEN) s_open = true, c->is_draining = 1;
  (void) ev_data;
}

static void quiet_server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
}

static void run(bool hostile_client) {
  struct mg_mgr mgr;
  char url[50];
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct mg_connection *quiet = mg_http_listen(&mgr, "http://127.0.0.1:0", quiet_server, NULL);
  snprintf(url, sizeof(url), "ws://127.0.0.1:%d", mg_ntohs(l->loc.port));
  s_depth = 0;
  if (hostile_client) l->fn = quiet_server;
  mg_ws_connect(&mgr, url, client, NULL, NULL);
  for (int k = 0; k < 60; k++) mg_mgr_poll(&mgr, k < 10 ? 1 : 0);
  s_open = false, s_event = -1;
  snprintf(url, sizeof(url), "ws://127.0.0.1:%d", mg_ntohs(quiet->loc.port));
  mg_ws_connect(&mgr, url, good_client, NULL, NULL);
  for (int k = 0; k < 500 && !s_open; k++) mg_mgr_poll(&mgr, 10);
  CHECK(s_open);
  mg_mgr_free(&mgr);
}

int main(void) {
  static const char request[] = "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n";
  const int events[] = {MG_EV_WS_OPEN, MG_EV_WS_MSG, MG_EV_WS_CTL, MG_EV_READ, MG_EV_ERROR, MG_EV_HTTP_MSG};
  mg_log_level = MG_LL_NONE;
  mg_http_parse(request, strlen(request), &s_request);
  for (s_action = 0; s_action < ACTIONS; s_action++) {
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
      s_event = events[i], run(false);
      s_event = events[i], run(true);
    }
  }
  CHECK(s_done > 1000);
  return 0;
}
