// Client and server of one manager exchange messages of many sizes, whole and in fragments. The order of events on each
// side, and what arrives.

#include "mongoose.h"

static char s_client[8000], s_server[8000];
static size_t s_sent;
static int s_messages;
static bool s_closed;

static const size_t s_sizes[] = {0, 1, 2, 125, 126, 127, 65535, 65536, 70000, 1000000, 3};
enum { SIZES = sizeof(s_sizes) / sizeof(s_sizes[0]) };

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void add(char *trace, const char *fmt, ...) {
  va_list ap;
  size_t n = strlen(trace);
  va_start(ap, fmt);
  vsnprintf(trace + n, 8000 - n, fmt, ap);
  va_end(ap);
}

static void show(char *trace, const char *name, struct mg_ws_message *wm) {
  uint32_t sum = 0;
  for (size_t i = 0; i < wm->data.len; i++) sum = sum * 31 + (uint8_t) wm->data.buf[i];
  add(trace, " %s(%02x,%lu,%08x)", name, wm->flags, (unsigned long) wm->data.len, sum);
}

static void common(char *trace, struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_OPEN) add(trace, " OPEN");
  if (ev == MG_EV_CONNECT) add(trace, " CONNECT");
  if (ev == MG_EV_ACCEPT) add(trace, " ACCEPT");
  if (ev == MG_EV_ERROR) add(trace, " ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_HTTP_HDRS) add(trace, " HDRS");
  if (ev == MG_EV_HTTP_MSG) add(trace, " HTTP(%.*s)", (int) hm->uri.len, hm->uri.buf);
  if (ev == MG_EV_WS_OPEN) add(trace, " WS_OPEN(%.*s,%d)", (int) hm->uri.len, hm->uri.buf, c->is_websocket);
  if (ev == MG_EV_WS_MSG) show(trace, "MSG", (struct mg_ws_message *) ev_data);
  if (ev == MG_EV_WS_CTL) show(trace, "CTL", (struct mg_ws_message *) ev_data);
  if (ev == MG_EV_CLOSE) add(trace, " CLOSE"), s_closed = true;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  common(s_server, c, ev, ev_data);
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, "X-A: %d\r\n", 1);
  if (ev == MG_EV_WS_OPEN) mg_ws_printf(c, WEBSOCKET_OP_TEXT, "welcome to %s", "all");
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
  }
}

static void send_next(struct mg_connection *c) {
  static char data[1000000];
  if (s_sent < SIZES) {
    for (size_t i = 0; i < sizeof(data); i++) data[i] = (char) ('a' + (i + s_sent) % 23);
    mg_ws_send(c, data, s_sizes[s_sent], s_sent % 2 ? WEBSOCKET_OP_TEXT : WEBSOCKET_OP_BINARY);
  } else if (s_sent == SIZES) {
    static const char *parts[] = {"one ", "two ", "three"};
    for (int i = 0; i < 3; i++) {
      size_t start = c->send.len;
      mg_ws_send(c, parts[i], strlen(parts[i]), i == 0 ? WEBSOCKET_OP_TEXT : WEBSOCKET_OP_CONTINUE);
      if (i < 2) c->send.buf[start] &= 127;
      if (i == 1) mg_ws_send(c, "ping", 4, WEBSOCKET_OP_PING);
    }
  } else if (s_sent == SIZES + 1) {
    mg_printf(c, "%d wrapped", 1);
    mg_ws_wrap(c, 9, WEBSOCKET_OP_TEXT);
  } else {
    mg_ws_send(c, "\x03\xe8" "bye", 5, WEBSOCKET_OP_CLOSE);
  }
  s_sent++;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  common(s_client, c, ev, ev_data);
  if (ev == MG_EV_WS_OPEN) {
    struct mg_str *header = mg_http_get_header((struct mg_http_message *) ev_data, "X-A");
    add(s_client, "[X-A %.*s]", header ? (int) header->len : 4, header ? header->buf : "none");
  }
  if (ev == MG_EV_WS_MSG) s_messages++, send_next(c);
}

static void print_trace(const char *label, char *trace) {
  int i = 0;
  for (char *p = strtok(trace, " "); p != NULL; p = strtok(NULL, " ")) printf("%s %d: %s\n", label, i++, p);
}

int main(void) {
  struct mg_mgr mgr;
  char url[50];
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "ws://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "ws://127.0.0.1:%d/echo", mg_ntohs(l->loc.port));
  mg_ws_connect(&mgr, url, client, NULL, NULL);
  for (int i = 0; i < 5000 && !s_closed; i++) mg_mgr_poll(&mgr, 10);
  for (int i = 0; i < 10; i++) mg_mgr_poll(&mgr, 1);
  print_trace("client", s_client);
  print_trace("server", s_server);
  printf("messages: %d\n", s_messages);
  mg_mgr_free(&mgr);
  return 0;
}
