// Three ways to send a WebSocket message: at once, printed, and wrapped around bytes that are in the queue already; for each
// length where the head of a frame grows. Clients mask, servers do not.

#include "loop.h"

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev != MG_EV_WS_MSG) return;
  struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
  size_t size = (size_t) atoi(wm->data.buf + 1);
  char *data = (char *) malloc(size + 1);
  for (size_t i = 0; i < size; i++) data[i] = (char) ('a' + i % 26);
  if (wm->data.buf[0] == 's') add("%d ", (int) mg_ws_send(c, data, size, WEBSOCKET_OP_TEXT));
  if (wm->data.buf[0] == 'p') add("%d ", (int) mg_ws_printf(c, WEBSOCKET_OP_BINARY, "%.*s", (int) size, data));
  if (wm->data.buf[0] == 'w') {
    size_t before = c->send.len;
    mg_send(c, data, size / 2);
    mg_printf(c, "%.*s", (int) (size - size / 2), data + size / 2);
    add("%d ", (int) (mg_ws_wrap(c, size, WEBSOCKET_OP_TEXT) - before));
  }
  free(data);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  static const size_t sizes[] = {0, 1, 125, 126, 65535, 65536};
  static const char kinds[] = "spw";
  int *step = (int *) c->fn_data;
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    size_t wrong = 0;
    for (size_t i = 0; i < wm->data.len; i++) wrong += wm->data.buf[i] != (char) ('a' + i % 26);
    add("%02x %d bytes, %d wrong\n", wm->flags, (int) wm->data.len, (int) wrong);
  }
  if ((ev == MG_EV_WS_OPEN || ev == MG_EV_WS_MSG) && *step < 18) {
    char text[20];
    size_t n = (size_t) snprintf(text, sizeof(text), "%c%d", kinds[*step % 3], (int) sizes[*step / 3]);
    ++*step;
    add("%s: ", text);
    if (*step % 2) {
      mg_ws_send(c, text, n + 1, WEBSOCKET_OP_TEXT);
    } else {
      mg_send(c, text, n + 1);
      size_t whole = mg_ws_wrap(c, n + 1, WEBSOCKET_OP_BINARY);
      add("%d ", (int) whole);
    }
  } else if (ev == MG_EV_WS_MSG) {
    ++*step;
  }
}

int main(void) {
  int step = 0;
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  mg_ws_connect(&mgr, url_of("ws", l, "/"), client, &step, NULL);
  poll_until(step == 19);
  printf("steps: %d\n", step);
  show_trace("messages");
  mg_mgr_free(&mgr);
  return 0;
}
