// Frames that a server sends to a client: events, and what the client answers by itself, which must be masked.
//
// MG_EV_POLL is left out. Also here: who sends Close, and how often.

#include "mongoose.h"

static char s_trace[5000];
static size_t s_read;
static bool s_closed, s_open;

// What the handler does in MG_EV_WS_CTL for a Close frame.
static enum { NOTHING, CLOSE_TOO, OTHER_DATA, SHORTER, IS_CLOSING } s_on_close;

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
  struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
  if (ev == MG_EV_WS_OPEN) s_open = true;
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_WS_MSG || ev == MG_EV_WS_CTL) {
    add(ev == MG_EV_WS_MSG ? " MSG(%02x [" : " CTL(%02x [", wm->flags);
    for (size_t i = 0; i < wm->data.len && i < 10; i++) add("%02x", (uint8_t) wm->data.buf[i]);
    add("] queued %lu, draining %d)", (unsigned long) c->send.len, c->is_draining);
    if ((wm->flags & 15) == WEBSOCKET_OP_CLOSE) {
      if (s_on_close == CLOSE_TOO) mg_ws_send(c, "\x03\xe9", 2, WEBSOCKET_OP_CLOSE);
      if (s_on_close == OTHER_DATA) wm->data = mg_str("\x0f\xa0" "program");
      if (s_on_close == SHORTER) wm->data.len = 2;
      if (s_on_close == IS_CLOSING) c->is_closing = 1;
    }
  }
  if (ev == MG_EV_READ && s_open) add(" READ(left %lu)", (unsigned long) c->recv.len), s_read += *(size_t *) ev_data;
  if (ev == MG_EV_CLOSE) add(" CLOSE"), s_closed = true;
}

static void nothing(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev, (void) ev_data;
}

static void answer(int fd, const char *request, size_t len) {
  struct mg_connection c;
  struct mg_http_message hm;
  memset(&c, 0, sizeof(c));
  c.fn = nothing;
  mg_http_parse(request, len, &hm);
  mg_ws_upgrade(&c, &hm, NULL);
  send(fd, c.send.buf, c.send.len, MSG_NOSIGNAL);
  mg_iobuf_free(&c.send);
}

// Prints frames unmasked.
static void print_frames(const char *label, uint8_t *p, size_t n) {
  printf("%s, answer:", label);
  while (n >= 6) {
    size_t len = p[1] & 127;
    printf(" %02x%s[", p[0], p[1] & 128 ? " masked " : " not masked ");
    for (size_t i = 0; i < len && 6 + i < n; i++) printf("%02x", p[6 + i] ^ p[2 + (i & 3)]);
    printf("]");
    if (len + 6 > n) break;
    p += len + 6, n -= len + 6;
  }
  printf(" %lu left\n", (unsigned long) n);
}

static void run(const char *label, bool close_first, const char *bytes, size_t size) {
  struct mg_mgr mgr;
  char url[40], request[1000];
  uint8_t frames[2000];
  size_t len = 0;
  ssize_t n;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t addr_len = sizeof(addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0), fd, one = 1;
  bind(listener, (struct sockaddr *) &addr, addr_len), listen(listener, 1);
  getsockname(listener, (struct sockaddr *) &addr, &addr_len);
  mg_mgr_init(&mgr);
  snprintf(url, sizeof(url), "ws://127.0.0.1:%d/", ntohs(addr.sin_port));
  s_trace[0] = '\0', s_read = 0, s_closed = s_open = false;
  struct mg_connection *c = mg_ws_connect(&mgr, url, client, NULL, NULL);
  fd = accept(listener, NULL, NULL);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  while (len < 4 || memcmp(request + len - 4, "\r\n\r\n", 4) != 0) {
    mg_mgr_poll(&mgr, 1);
    if ((n = recv(fd, request + len, sizeof(request) - len, MSG_DONTWAIT)) > 0) len += (size_t) n;
  }
  answer(fd, request, len);
  for (int k = 0; k < 500 && !s_open; k++) mg_mgr_poll(&mgr, 10);
  s_trace[0] = '\0', s_read = 0;
  if (close_first) mg_ws_send(c, "\x03\xe8", 2, WEBSOCKET_OP_CLOSE);
  for (int k = 0; k < 3; k++) mg_mgr_poll(&mgr, 0);
  s_trace[0] = '\0';
  send(fd, bytes, size, MSG_NOSIGNAL);
  for (int k = 0; k < 500 && s_read < size && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 0);
  add(" |");
  shutdown(fd, SHUT_WR);
  for (int k = 0; k < 500 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  printf("%s:%s\n", label, s_trace);
  for (len = 0; (n = recv(fd, frames + len, sizeof(frames) - len, 0)) > 0;) len += (size_t) n;
  print_frames(label, frames, len);
  close(fd), close(listener);
  mg_mgr_free(&mgr);
}

#define RUN(label, bytes) run(label, false, bytes, sizeof(bytes) - 1)

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  RUN("text", "\x81\x02hi");
  RUN("ping", "\x89\x01P");
  RUN("empty ping", "\x89\x00");
  RUN("two pings in one segment", "\x89\x01" "1\x89\x01" "2");
  RUN("pong", "\x8a\x01P");
  RUN("fragments and a ping", "\x01\x02" "AB\x89\x01P\x80\x02" "CD");
  RUN("empty stray continuation", "\x80\x00");
  RUN("close", "\x88\x02\x03\xe8");
  RUN("close with reason", "\x88\x05\x03\xe8" "bye");
  RUN("close without code", "\x88\x00");
  RUN("text, then close", "\x81\x02hi\x88\x02\x03\xe8");
  RUN("close, then text", "\x88\x02\x03\xe8\x81\x02hi");
  RUN("close, then close", "\x88\x02\x03\xe8\x88\x02\x03\xe9");
  run("close after our own", true, "\x88\x02\x03\xe8", 4);
  run("text, then close, after our own close", true, "\x81\x02hi\x88\x02\x03\xe8", 8);
  s_on_close = CLOSE_TOO;
  RUN("the handler closes too", "\x88\x02\x03\xe8");
  s_on_close = OTHER_DATA;
  RUN("the handler sets another reason", "\x88\x02\x03\xe8");
  s_on_close = SHORTER;
  RUN("the handler cuts the reason", "\x88\x05\x03\xe8" "bye");
  s_on_close = IS_CLOSING;
  RUN("the handler sets is_closing", "\x88\x02\x03\xe8");
  return 0;
}
