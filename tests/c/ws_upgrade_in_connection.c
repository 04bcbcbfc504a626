// The change from HTTP to WebSocket on a connection: what comes with and after the request, where the handler
// upgrades, requests that ask for closing.
//
// MG_EV_POLL and MG_EV_WRITE are left out.

#include "mongoose.h"

static char s_trace[5000];
static size_t s_read;
static bool s_closed, s_announced;
static enum { IN_MSG, IN_HDRS } s_mode;

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void add(const char *fmt, ...) {
  va_list ap;
  size_t n = strlen(s_trace);
  va_start(ap, fmt);
  vsnprintf(s_trace + n, sizeof(s_trace) - n, fmt, ap);
  va_end(ap);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_HTTP_HDRS && !s_announced) {
    s_announced = true, add(" HDRS");
    if (s_mode == IN_HDRS) mg_ws_upgrade(c, hm, NULL);
  }
  if (ev == MG_EV_HTTP_MSG) {
    bool ws = mg_match(hm->uri, mg_str("/ws"), NULL);
    add(" HTTP(%.*s [%.*s])", (int) hm->uri.len, hm->uri.buf, (int) hm->body.len, hm->body.buf);
    s_announced = false;
    if (s_mode != IN_HDRS && ws) mg_ws_upgrade(c, hm, NULL);
    if (!ws) mg_http_reply(c, 200, "", "ok");
  }
  if (ev == MG_EV_WS_OPEN) add(" OPEN(%.*s)", (int) hm->uri.len, hm->uri.buf);
  if (ev == MG_EV_WS_MSG) {
    add(" MSG(%02x %.*s)", wm->flags, (int) wm->data.len, wm->data.buf);
    mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_TEXT);
  }
  if (ev == MG_EV_WS_CTL) add(" CTL(%02x)", wm->flags);
  if (ev == MG_EV_READ) s_read += *(size_t *) ev_data, add(" READ(left %lu)", (unsigned long) c->recv.len);
  if (ev == MG_EV_CLOSE) add(" CLOSE"), s_closed = true;
}

static void run(const char *label, const char *segments[], const size_t *sizes) {
  struct mg_mgr mgr;
  char answer[5000];
  size_t sent = 0, len = 0;
  ssize_t n;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  s_trace[0] = '\0', s_read = 0, s_closed = s_announced = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  for (size_t i = 0; segments[i] != NULL && !s_closed; i++) {
    send(fd, segments[i], sizes[i], MSG_NOSIGNAL), sent += sizes[i];
    for (int k = 0; k < 500 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
    for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 0);
  }
  add(" |");
  shutdown(fd, SHUT_WR);
  for (int k = 0; k < 500 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  printf("%s:%s\n", label, s_trace);
  while ((n = recv(fd, answer + len, sizeof(answer) - len, 0)) > 0) len += (size_t) n;
  printf("%s, answer: ", label);
  for (size_t i = 0; i < len; i++) {
    if (answer[i] == '\n') printf("~");
    else if (answer[i] != '\r') printf(answer[i] >= ' ' && answer[i] <= '~' ? "%c" : "\\x%02x", (uint8_t) answer[i]);
  }
  printf("\n");
  close(fd);
  mg_mgr_free(&mgr);
}

#define RUN(label, ...)                                                        \
  do {                                                                         \
    const char *segments[] = {__VA_ARGS__, NULL};                              \
    size_t sizes[sizeof(segments) / sizeof(segments[0])] = {0};                \
    for (size_t i = 0; segments[i] != NULL; i++) sizes[i] = strlen(segments[i]); \
    run(label, segments, sizes);                                               \
  } while (0)

#define WS "GET /ws HTTP/1.1\r\nSec-WebSocket-Key: a\r\n"
#define HI "\x81\x82\x01\x01\x01\x01" "ih"

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  RUN("upgrade, then text", WS "\r\n", HI);
  RUN("request in two segments", "GET /ws HTTP/1.1\r\nSec-WebS", "ocket-Key: a\r\n\r\n", HI);
  RUN("text with the request", WS "\r\n" HI, HI);
  RUN("first byte of a text with the request", WS "\r\n\x81", "\x82\x01\x01\x01\x01" "ih");
  RUN("after another request", "GET /a HTTP/1.1\r\n\r\n", WS "\r\n", HI);
  RUN("Connection=close", WS "Connection: close\r\n\r\n", HI);
  RUN("HTTP 1.0", "GET /ws HTTP/1.0\r\nSec-WebSocket-Key: a\r\n\r\n", HI);
  RUN("with a body", WS "Content-Length: 4\r\n\r\nbody", HI);
  RUN("no key", "GET /ws HTTP/1.1\r\n\r\n");
  s_mode = IN_HDRS;
  RUN("in MG_EV_HTTP_HDRS", WS "\r\n", HI);
  return 0;
}
