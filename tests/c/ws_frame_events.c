// Frames that a client sends to a server: which events they make, in which order, with which data, and what the
// server answers by itself. Every list of frames is sent in one segment and byte by byte.
//
// MG_EV_POLL is left out. What is against the protocol is in own/ws_violations.c.

#include "mongoose.h"

static char s_trace[20000];
static size_t s_read, s_written;
static bool s_closed, s_byte_by_byte;

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

static void add_data(const char *p, size_t n) {
  add("[");
  for (size_t i = 0; i < n && i < 20; i++) add(p[i] >= ' ' && p[i] <= '~' ? "%c" : "\\x%02x", (unsigned char) p[i]);
  if (n > 20) add("...");
  add("]");
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_WS_OPEN) add(" OPEN");
  if (ev == MG_EV_WS_MSG || ev == MG_EV_WS_CTL) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    add(ev == MG_EV_WS_MSG ? " MSG(%02x %lu " : " CTL(%02x %lu ", wm->flags, (unsigned long) wm->data.len);
    add_data(wm->data.buf, wm->data.len);
    // How much stands in the buffer then, and where in it the data begins.
    add(" at %d of %lu", (int) (wm->data.buf - (char *) c->recv.buf), (unsigned long) c->recv.len);
    if (c->send.len > 0) add(" queued %lu", (unsigned long) c->send.len);
    add(")");
  }
  if (ev == MG_EV_READ && c->is_websocket) {
    s_read += *(size_t *) ev_data;
    if (!s_byte_by_byte) add(" READ(left %lu pending %lu)", (unsigned long) c->recv.len, (unsigned long) (size_t) c->pfn_data);
  }
  if (ev == MG_EV_WRITE) s_written += *(size_t *) ev_data;
  if (ev == MG_EV_CLOSE) add(" CLOSE"), s_closed = true;
}

static int open_socket(struct mg_mgr *mgr) {
  static const char request[] = "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n";
  char answer[500];
  struct mg_connection *l = mg_http_listen(mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  ssize_t n = 0;
  s_trace[0] = '\0', s_read = s_written = 0, s_closed = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
  for (int k = 0; k < 500 && s_written == 0; k++) mg_mgr_poll(mgr, 10);
  while (n < 4 || memcmp(answer + n - 4, "\r\n\r\n", 4) != 0) n += recv(fd, answer + n, 1, 0);
  s_read = 0;
  return fd;
}

static void exchange(const char *label, const uint8_t *bytes, size_t len, size_t piece) {
  struct mg_mgr mgr;
  uint8_t answer[5000];
  size_t got = 0, sent = 0, before = 0;
  ssize_t n;
  mg_mgr_init(&mgr);
  int fd = open_socket(&mgr);
  s_byte_by_byte = piece == 1;
  for (size_t i = 0; i < len && !s_closed; i += piece) {
    size_t size = len - i < piece ? len - i : piece;
    send(fd, bytes + i, size, MSG_NOSIGNAL), sent += size;
    for (int k = 0; k < 500 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  }
  for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 0);
  before = strlen(s_trace);
  printf("%s%s: %s\n", label, s_byte_by_byte ? ", byte by byte" : "", s_trace + 1);
  shutdown(fd, SHUT_WR);
  for (int k = 0; k < 500 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  while (got < sizeof(answer) && (n = recv(fd, answer + got, sizeof(answer) - got, 0)) > 0) got += (size_t) n;
  if (!s_byte_by_byte) {
    s_trace[before] = '\0';
    printf("%s, answer: %lu bytes ", label, (unsigned long) got);
    for (size_t i = 0; i < got && i < 30; i++) printf("%02x", answer[i]);
    printf("\n");
  }
  close(fd);
  mg_mgr_free(&mgr);
}

static uint8_t s_bytes[10000];
static size_t s_len;

// Appends a masked frame with this first byte.
static void put(int first, const char *data, size_t len) {
  static const uint8_t key[] = {1, 2, 3, 4};
  uint8_t *p = s_bytes + s_len;
  *p++ = (uint8_t) first;
  if (len < 126) {
    *p++ = (uint8_t) (0x80 | len);
  } else {
    *p++ = 0x80 | 126, *p++ = (uint8_t) (len >> 8), *p++ = (uint8_t) len;
  }
  memcpy(p, key, 4), p += 4;
  for (size_t i = 0; i < len; i++) *p++ = (uint8_t) data[i] ^ key[i & 3];
  s_len = (size_t) (p - s_bytes);
}

static void run(const char *label) {
  exchange(label, s_bytes, s_len, sizeof(s_bytes));
  exchange(label, s_bytes, s_len, 1);
  s_len = 0;
}

#define F(first, text) put(first, text, sizeof(text) - 1)

int main(void) {
  static char big[3000];
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  memset(big, 'x', sizeof(big));

  F(0x81, "hello"), run("text");
  F(0x82, "\x00\xff\xfe"), run("binary");
  F(0x81, ""), run("empty text");
  F(0x82, ""), run("empty binary");
  F(0x81, "\xce\xba\xe1\xbd\xb9\xf0\x90\x8d\x88"), run("text beyond ASCII");
  put(0x81, big, 125), run("125 bytes");
  put(0x81, big, 126), run("126 bytes");
  put(0x81, big, sizeof(big)), run("3000 bytes");
  F(0x81, "one"), F(0x89, "P"), F(0x82, "two"), run("text, ping, binary");
  F(0x81, "a"), F(0x81, "b"), F(0x81, "c"), F(0x81, "d"), run("four texts");
  F(0x89, "pp"), run("ping");
  F(0x89, ""), run("empty ping");
  put(0x89, big, 125), run("ping of 125 bytes");
  F(0x8a, "q"), run("pong");
  F(0x8a, ""), run("empty pong");

  F(0x01, "AB"), F(0x00, "CD"), F(0x80, "EF"), run("text in fragments");
  F(0x02, "AB"), F(0x89, "pp"), F(0x00, "CD"), F(0x8a, "qq"), F(0x80, "EF"), run("fragments with ping and pong between");
  F(0x01, ""), F(0x80, ""), run("two empty fragments");
  F(0x01, ""), F(0x00, ""), F(0x00, "x"), F(0x00, ""), F(0x80, ""), run("fragments, most of them empty");
  F(0x01, "a"), F(0x80, "b"), F(0x81, "c"), F(0x02, "d"), F(0x80, "e"), run("fragmented, whole, fragmented");
  F(0x02, "AB"), F(0x00, "CD"), run("unfinished message");
  F(0x01, "\xe2"), F(0x00, "\x82"), F(0x80, "\xac"), run("a character in three fragments");
  put(0x02, big, 2000), put(0x00, big, 2000), put(0x80, big, 2000), run("large fragments");
  F(0x80, ""), run("empty stray continuation");
  F(0x80, ""), F(0x81, "hi"), run("empty stray continuation, then text");

  F(0x88, "\x03\xe8" "bye"), run("close with reason");
  F(0x88, "\x03\xe8"), run("close with code");
  F(0x88, ""), run("close");
  F(0x88, "\x0f\xa0"), run("close with code 4000");
  F(0x81, "one"), F(0x88, "\x03\xe9"), run("text, close");
  F(0x01, "AB"), F(0x88, "\x03\xe8"), run("close between fragments");
  F(0x81, "\0\0"), memcpy(s_bytes, "\x81\xfe\x00\x02\0\0\0\0hi", s_len = 10), run("16-bit length of 2");
  memcpy(s_bytes, "\x81\xff\0\0\0\0\0\0\0\x02\0\0\0\0hi", s_len = 16), run("64-bit length of 2");
  return 0;
}
