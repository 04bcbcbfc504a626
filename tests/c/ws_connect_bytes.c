// The request that mg_ws_connect() queues, and the state of the connection then.

#include "mongoose.h"

static char s_trace[300];

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(s_trace);
  const char *event = ev == MG_EV_OPEN ? "OPEN" : ev == MG_EV_RESOLVE ? "RESOLVE" : ev == MG_EV_ERROR ? "ERROR" : "other";
  if (ev == MG_EV_POLL || ev == MG_EV_CLOSE) return;
  snprintf(s_trace + n, sizeof(s_trace) - n, " %s(%s %lu)", event, c->pfn ? "pfn" : "no pfn", (unsigned long) c->send.len);
  if (ev == MG_EV_OPEN && c->fn_data != NULL) mg_send(c, c->fn_data, strlen((char *) c->fn_data));
  (void) ev_data;
}

static void print_request(const char *label, struct mg_connection *c) {
  const char *text = (char *) c->send.buf;
  char *key = NULL;
  size_t i = 0;
  printf("%s: ", label);
  for (i = 0; i < c->send.len; i++) {
    if (i + 19 < c->send.len && memcmp(text + i, "Sec-WebSocket-Key: ", 19) == 0) key = (char *) text + i + 19;
    if (text + i == key) {
      struct mg_str value = mg_str_n(key, 24);
      char nonce[30];
      size_t n = mg_base64_decode(value.buf, value.len, nonce, sizeof(nonce));
      printf("(key of %lu bytes)", (unsigned long) n);
      i += 24;
    }
    putchar(text[i] == '\n' ? '~' : text[i] == '\r' ? '|' : text[i]);
  }
  printf("\n");
}

#define CONNECT(label, url, prefix, ...)                                                                      \
  do {                                                                                                        \
    struct mg_mgr mgr;                                                                                        \
    mg_mgr_init(&mgr);                                                                                        \
    s_trace[0] = '\0';                                                                                        \
    struct mg_connection *c = mg_ws_connect(&mgr, url, handler, prefix, __VA_ARGS__);                         \
    if (c == NULL) {                                                                                          \
      printf("%s: NULL\n", label);                                                                            \
    } else {                                                                                                  \
      print_request(label, c);                                                                                \
      printf("%s, connection:%s client %d, websocket %d, tls %d, pfn %s, pfn_data %s, port %d\n", label, s_trace, \
             c->is_client, c->is_websocket, c->is_tls, c->pfn ? "set" : "NULL", c->pfn_data ? "set" : "NULL", \
             mg_ntohs(c->rem.port));                                                                          \
    }                                                                                                         \
    mg_mgr_free(&mgr);                                                                                        \
  } while (0)

int main(void) {
  static char first[24], second[24];
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  CONNECT("usual port", "ws://127.0.0.1", NULL, NULL);
  CONNECT("usual port, written", "ws://127.0.0.1:80/", NULL, NULL);
  CONNECT("usual TLS port", "wss://127.0.0.1/x", NULL, NULL);
  CONNECT("path and query", "ws://127.0.0.1/a/b?c=d&e=f", NULL, NULL);
  CONNECT("fragment", "ws://127.0.0.1/a#b", NULL, NULL);
  CONNECT("query without path", "ws://127.0.0.1:80?a=b", NULL, NULL);
  CONNECT("user and password", "ws://u:p@127.0.0.1/p", NULL, NULL);
  CONNECT("headers", "ws://127.0.0.1/p", NULL, "X-A: %s\r\nX-N: %d\r\n", "val", 42);
  CONNECT("empty headers", "ws://127.0.0.1/p", NULL, "%s", "");
  CONNECT("subprotocol", "ws://127.0.0.1/p", NULL, "Sec-WebSocket-Protocol: %s\r\n", "chat");
  CONNECT("http", "http://127.0.0.1/p", NULL, NULL);
  CONNECT("another port", "ws://127.0.0.1:23020/p", NULL, NULL);
  CONNECT("bytes of the handler in front", "ws://127.0.0.1/p", "PROXY UNKNOWN\r\n", NULL);
  CONNECT("empty URL", "", NULL, NULL);
  CONNECT("no URL", NULL, NULL, NULL);

  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  struct mg_connection *a = mg_ws_connect(&mgr, "ws://127.0.0.1", handler, NULL, NULL);
  struct mg_connection *b = mg_ws_connect(&mgr, "ws://127.0.0.1", handler, NULL, NULL);
  memcpy(first, strstr((char *) a->send.buf, "Key: ") + 5, sizeof(first));
  memcpy(second, strstr((char *) b->send.buf, "Key: ") + 5, sizeof(second));
  printf("keys: %s\n", memcmp(first, second, sizeof(first)) == 0 ? "equal" : "differ");
  mg_mgr_free(&mgr);
  return 0;
}
