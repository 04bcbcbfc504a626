// What a client makes of a server's answer: events, and what the handler sees in MG_EV_WS_OPEN.
//
// MG_EV_POLL is left out. The server is a plain socket; it gets the right value for Sec-WebSocket-Accept from
// mg_ws_upgrade().

#include "mongoose.h"

static char s_trace[5000];
static size_t s_read;
static bool s_closed;

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

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
  if (ev == MG_EV_CONNECT) add(" CONNECT(pfn %s)", c->pfn ? "set" : "NULL");
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_HTTP_HDRS) add(" HDRS");
  if (ev == MG_EV_HTTP_MSG) add(" HTTP_MSG");
  if (ev == MG_EV_WS_OPEN) {
    struct mg_str *protocol = mg_http_get_header(hm, "Sec-WebSocket-Protocol");
    add(" OPEN(%.*s, %d header, websocket %d", (int) hm->uri.len, hm->uri.buf, (int) hm->head.len > 0, c->is_websocket);
    add(", head at %d, %d behind it", (int) (hm->head.buf - (char *) c->recv.buf), (int) (c->recv.len - hm->head.len));
    if (protocol != NULL) add(", protocol %.*s", (int) protocol->len, protocol->buf);
    add(")");
  }
  if (ev == MG_EV_WS_MSG) add(" MSG(%02x %.*s)", wm->flags, (int) wm->data.len, wm->data.buf);
  if (ev == MG_EV_WS_CTL) add(" CTL(%02x %lu)", wm->flags, (unsigned long) wm->data.len);
  if (ev == MG_EV_READ) add(" READ(left %lu)", (unsigned long) c->recv.len), s_read += *(size_t *) ev_data;
  if (ev == MG_EV_CLOSE) add(" CLOSE(websocket %d)", c->is_websocket), s_closed = true;
}

static void nothing(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev, (void) ev_data;
}

// The answer to a request: "Sec-WebSocket-Accept: value".
static void accept_line(const char *request, size_t len, char *line, size_t size) {
  struct mg_connection c;
  struct mg_http_message hm;
  memset(&c, 0, sizeof(c));
  c.fn = nothing;
  mg_http_parse(request, len, &hm);
  mg_ws_upgrade(&c, &hm, NULL);
  mg_http_parse((char *) c.send.buf, c.send.len, &hm);
  struct mg_str *value = mg_http_get_header(&hm, "Sec-WebSocket-Accept");
  mg_snprintf(line, size, "Sec-WebSocket-Accept: %.*s", (int) value->len, value->buf);
  mg_iobuf_free(&c.send);
}

// Sends the segments, in which '@' stands for the right Sec-WebSocket-Accept line.
static void run(const char *label, const char *segments[], const size_t *sizes) {
  struct mg_mgr mgr;
  char url[40], request[1000], line[100];
  ssize_t len = 0;
  size_t sent = 0;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t addr_len = sizeof(addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0), fd, one = 1;
  bind(listener, (struct sockaddr *) &addr, addr_len), listen(listener, 1);
  getsockname(listener, (struct sockaddr *) &addr, &addr_len);
  mg_mgr_init(&mgr);
  snprintf(url, sizeof(url), "ws://127.0.0.1:%d/x", ntohs(addr.sin_port));
  s_trace[0] = '\0', s_read = 0, s_closed = false;
  mg_ws_connect(&mgr, url, client, NULL, NULL);
  fd = accept(listener, NULL, NULL);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  while (len < 4 || memcmp(request + len - 4, "\r\n\r\n", 4) != 0) {
    mg_mgr_poll(&mgr, 1);
    ssize_t n = recv(fd, request + len, sizeof(request) - (size_t) len, MSG_DONTWAIT);
    if (n > 0) len += n;
  }
  accept_line(request, (size_t) len, line, sizeof(line));
  for (size_t i = 0; segments[i] != NULL && !s_closed; i++) {
    char text[1000];
    size_t n = 0;
    for (size_t k = 0; k < sizes[i]; k++) {
      if (segments[i][k] == '@') n += (size_t) sprintf(text + n, "%s", line);
      else text[n++] = segments[i][k];
    }
    send(fd, text, n, MSG_NOSIGNAL), sent += n;
    for (int k = 0; k < 500 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
    for (int k = 0; k < 3; k++) mg_mgr_poll(&mgr, 0);
  }
  add(" |");
  shutdown(fd, SHUT_WR);
  for (int k = 0; k < 500 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  printf("%s:%s\n", label, s_trace);
  close(fd), close(listener);
  mg_mgr_free(&mgr);
}

#define RUN(label, ...)                                         \
  do {                                                          \
    const char *segments[] = {__VA_ARGS__, NULL};               \
    size_t sizes[sizeof(segments) / sizeof(segments[0])] = {0}; \
    for (size_t i = 0; segments[i] != NULL; i++) sizes[i] = strlen(segments[i]); \
    run(label, segments, sizes);                                \
  } while (0)

#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define GOOD SWITCHING UPGRADE "@\r\n\r\n"
#define HI "\x81\x02hi"

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  RUN("accepted", GOOD);
  RUN("accepted, in segments", "HTTP/1.1 101", " Switching\r\n" UPGRADE, "@\r", "\n\r\n", HI);
  RUN("line ends without CR", "HTTP/1.1 101 X\nUpgrade: websocket\nConnection: upgrade\n@\n\n");
  RUN("other case", SWITCHING "UPGRADE: WebSocket\r\nconnection: keep-alive, upgrade\r\n@\r\n\r\n");
  RUN("with subprotocol", SWITCHING UPGRADE "Sec-WebSocket-Protocol: chat\r\n@\r\n\r\n");
  RUN("frames behind", GOOD HI "\x82\x03xyz");
  RUN("half a frame behind", GOOD "\x81\x02h", "i");
  RUN("close behind", GOOD "\x88\x02\x03\xe8");
  RUN("no Sec-WebSocket-Accept", SWITCHING UPGRADE "\r\n" HI);
  RUN("wrong Sec-WebSocket-Accept", SWITCHING UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n" HI);
  RUN("no Upgrade", SWITCHING "Connection: Upgrade\r\n@\r\n\r\n");
  RUN("another Upgrade", SWITCHING "Upgrade: h2c\r\nConnection: Upgrade\r\n@\r\n\r\n");
  RUN("no Connection", SWITCHING "Upgrade: websocket\r\n@\r\n\r\n");
  RUN("status alone", "HTTP/1.1 101 \r\n\r\n");
  RUN("bad header line", "HTTP/1.1 101 X\r\nbad header line\r\n\r\n");
  RUN("not HTTP, with 101", "abcdefgh 101 hello\r\n\r\n");
  RUN("status 200", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  RUN("status 404", "HTTP/1.1 404 Not Found\r\n\r\n");
  RUN("status 404 with a body", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
  RUN("status 301", "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n");
  RUN("status 401", "HTTP/1.1 401 Unauthorized\r\n\r\n");
  RUN("status 200, then frames", "HTTP/1.1 200 OK\r\n\r\n" HI);
  RUN("binary", "\x01\x02\x03\x04");
  RUN("binary that looks like frames", "\x81\x02hi\x81\x02hi\r\n\r\n");
  RUN("empty lines", "\n\n");
  RUN("half an answer", "HTTP/1.1 101 Swit");
  RUN("nothing", "");
  return 0;
}
