// What mg_ws_upgrade() answers to a request, and what it makes of the connection.

#include "mongoose.h"

static char s_open[300];

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void print_text(const char *label, const char *text, size_t len) {
  printf("%s: ", label);
  for (size_t i = 0; i < len; i++) {
    if (text[i] == '\n') printf("~");
    else if (text[i] != '\r') printf(text[i] >= ' ' && text[i] <= '~' ? "%c" : "\\x%02x", (unsigned char) text[i]);
  }
  printf("\n");
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  size_t n = strlen(s_open);
  if (ev == MG_EV_WS_OPEN) {
    snprintf(s_open + n, sizeof(s_open) - n, " WS_OPEN(%.*s, websocket %d, queued %s)", (int) hm->uri.len, hm->uri.buf,
             c->is_websocket, c->send.len > 0 ? "yes" : "no");
    mg_ws_send(c, "hi", 2, WEBSOCKET_OP_TEXT);
  } else {
    snprintf(s_open + n, sizeof(s_open) - n, " %d", ev);
  }
}

#define UPGRADE(label, request, ...)                                                                              \
  do {                                                                                                            \
    struct mg_connection c;                                                                                       \
    struct mg_http_message hm;                                                                                    \
    memset(&c, 0, sizeof(c));                                                                                     \
    c.fn = handler, c.is_accepted = 1, c.is_resp = 1, c.pfn_data = &c, s_open[0] = '\0';                          \
    mg_http_parse(request, strlen(request), &hm);                                                                 \
    mg_ws_upgrade(&c, &hm, __VA_ARGS__);                                                                          \
    print_text(label, (char *) c.send.buf, c.send.len);                                                           \
    printf("%s, connection:%s websocket %d, resp %d, draining %d, closing %d, pfn %s, pfn_data %s\n", label, s_open, \
           c.is_websocket, c.is_resp, c.is_draining, c.is_closing, c.pfn ? "set" : "NULL", c.pfn_data ? "set" : "NULL"); \
    mg_iobuf_free(&c.send);                                                                                       \
  } while (0)

#define GET "GET /path?q HTTP/1.1\r\nHost: x\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define FULL GET "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" KEY

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  UPGRADE("usual", FULL "\r\n", NULL);
  UPGRADE("key alone", GET KEY "\r\n", NULL);
  UPGRADE("key a", GET "Sec-WebSocket-Key: a\r\n\r\n", NULL);
  UPGRADE("key in lower case", GET "sec-websocket-key: a\r\n\r\n", NULL);
  UPGRADE("empty key", GET "Sec-WebSocket-Key:\r\n\r\n", NULL);
  UPGRADE("no key", GET "\r\n", NULL);
  UPGRADE("no key, with headers", GET "\r\n", "X-A: %d\r\n", 7);
  UPGRADE("POST", "POST / HTTP/1.1\r\n" KEY "\r\n", NULL);
  UPGRADE("HTTP/1.0", "GET / HTTP/1.0\r\n" KEY "\r\n", NULL);
  UPGRADE("headers", FULL "\r\n", "X-A: %d\r\nX-B: %s\r\n", 7, "b");
  UPGRADE("empty format", FULL "\r\n", "%s", "");
  UPGRADE("one subprotocol", FULL "Sec-WebSocket-Protocol: chat\r\n\r\n", NULL);
  UPGRADE("one subprotocol and headers", FULL "Sec-WebSocket-Protocol: q\r\n\r\n", "X-A: %d\r\n", 7);
  UPGRADE("two subprotocols", FULL "Sec-WebSocket-Protocol: a, b\r\n\r\n", NULL);
  UPGRADE("subprotocol of the program", FULL "Sec-WebSocket-Protocol: a\r\n\r\n", "Sec-WebSocket-Protocol: %s\r\n", "b");
  UPGRADE("version 8", GET KEY "Sec-WebSocket-Version: 8\r\n\r\n", NULL);
  UPGRADE("extensions", FULL "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", NULL);
  UPGRADE("Connection close", GET KEY "Connection: close\r\n\r\n", NULL);
  return 0;
}
