// What is against RFC 6455 ends the connection: one MG_EV_ERROR, one Close frame with the right code, the end of the
// stream; nothing of it or behind it is delivered. On servers and clients, in one segment and byte by byte. The
// reference delivers most of it, or closes without a word.

#include "mongoose.h"

#define CHECK(x)                                                                        \
  do {                                                                                  \
    if (!(x)) printf("%s, %s: line %d: %s\n", s_label, s_role, __LINE__, #x), exit(1); \
  } while (0)

static const char *s_label, *s_role;
static char s_error[100];
static size_t s_read;
static int s_errors, s_msgs;
static bool s_open, s_closed;

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_WS_OPEN) s_open = true;
  if (ev == MG_EV_READ && s_open) s_read += *(size_t *) ev_data;
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    CHECK(mg_strcmp(wm->data, mg_str("good")) == 0);
    s_msgs++;
  }
  if (ev == MG_EV_WS_CTL) CHECK((((struct mg_ws_message *) ev_data)->flags & 15) != WEBSOCKET_OP_CLOSE);
  if (ev == MG_EV_ERROR) s_errors++, snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
  if (ev == MG_EV_CLOSE) s_closed = true;
}

static size_t read_head(int fd, struct mg_mgr *mgr, char *head, size_t size) {
  size_t len = 0;
  while (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0) {
    mg_mgr_poll(mgr, 0);
    CHECK(len < size);
    if (recv(fd, head + len, 1, MSG_DONTWAIT) == 1) len++;
  }
  return len;
}

static int open_to_server(struct mg_mgr *mgr) {
  char head[500];
  struct mg_connection *l = mg_http_listen(mgr, "http://127.0.0.1:0", handler, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  CHECK(send(fd, "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n", 40, MSG_NOSIGNAL) == 40);
  read_head(fd, mgr, head, sizeof(head));
  return fd;
}

static void nothing(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev, (void) ev_data;
}

static int open_to_client(struct mg_mgr *mgr) {
  char url[50], head[500];
  struct mg_connection c;
  struct mg_http_message hm;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind(listener, (struct sockaddr *) &addr, len) == 0 && listen(listener, 1) == 0);
  getsockname(listener, (struct sockaddr *) &addr, &len);
  snprintf(url, sizeof(url), "ws://127.0.0.1:%d", ntohs(addr.sin_port));
  mg_ws_connect(mgr, url, handler, NULL, NULL);
  int fd = accept(listener, NULL, NULL);
  close(listener);
  CHECK(mg_http_parse(head, read_head(fd, mgr, head, sizeof(head)), &hm) > 0);
  memset(&c, 0, sizeof(c));
  c.fn = nothing;
  mg_ws_upgrade(&c, &hm, NULL);
  CHECK(send(fd, c.send.buf, c.send.len, MSG_NOSIGNAL) == (ssize_t) c.send.len);
  mg_iobuf_free(&c.send);
  for (int k = 0; k < 500 && !s_open; k++) mg_mgr_poll(mgr, 10);
  return fd;
}

static uint8_t s_bytes[20000];
static size_t s_len;
static bool s_to_server;

static void put_header(int first, bool masked, uint64_t len, int bytes) {
  uint8_t *p = s_bytes + s_len, bit = masked ? 0x80 : 0;
  *p++ = (uint8_t) first;
  *p++ = (uint8_t) (bytes == 1 ? len : bytes == 2 ? 126 : 127) | bit;
  for (int i = bytes - 1; bytes > 1 && i >= 0; i--) *p++ = (uint8_t) (len >> (8 * i));
  if (masked) memcpy(p, "\x11\x22\x33\x44", 4), p += 4;
  s_len = (size_t) (p - s_bytes);
}

// Appends a frame, masked as it must be.
static void put(int first, const char *data, size_t len) {
  put_header(first, s_to_server, len, len < 126 ? 1 : 2);
  for (size_t i = 0; i < len; i++) s_bytes[s_len++] = (uint8_t) data[i] ^ (s_to_server ? "\x11\x22\x33\x44"[i & 3] : 0);
}

// Sends what was put, and expects the end with this code and error.
static void expect(int code, const char *error, size_t piece, int msgs) {
  struct mg_mgr mgr;
  uint8_t answer[1000];
  size_t len = 0;
  ssize_t n;
  mg_mgr_init(&mgr);
  s_msgs = s_errors = 0, s_open = s_closed = false, s_error[0] = '\0', s_read = 0;
  int fd = s_to_server ? open_to_server(&mgr) : open_to_client(&mgr), one = 1;
  s_read = 0;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  for (size_t i = 0; i < s_len && !s_closed; i += piece) {
    if (send(fd, s_bytes + i, s_len - i < piece ? s_len - i : piece, MSG_NOSIGNAL) <= 0) break;
    for (int k = 0; k < 500 && !s_closed && s_read < i + piece && s_read < s_len; k++) mg_mgr_poll(&mgr, 10);
  }
  for (int k = 0; k < 500 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  CHECK(s_closed);
  while ((n = recv(fd, answer + len, sizeof(answer) - len, 0)) > 0) len += (size_t) n;
  CHECK(n == 0 || errno == ECONNRESET);
  size_t header = s_to_server ? 2 : 6;
  CHECK(len >= header + 2);
  uint8_t *last = answer + len - header - 2;
  if (!s_to_server) last[6] ^= last[2], last[7] ^= last[3];
  CHECK(last[0] == 0x88 && last[1] == (s_to_server ? 2 : 0x82));
  if (last[header] * 256 + last[header + 1] != code) printf("code %d\n", last[header] * 256 + last[header + 1]);
  CHECK(last[header] * 256 + last[header + 1] == code);
  if (strcmp(s_error, error) != 0) printf("error \"%s\"\n", s_error);
  CHECK(s_errors == 1 && strcmp(s_error, error) == 0);
  CHECK(s_msgs == msgs);
  close(fd);
  mg_mgr_free(&mgr);
}

static void finish(int code, const char *error, int msgs) {
  size_t len = s_len;
  put(0x81, "good", 4), put(0x88, "\x03\xe8", 2);
  expect(code, error, sizeof(s_bytes), msgs);
  s_len = len;
  expect(code, error, 1, msgs);
  s_len = 0;
}

#define PUT(first, text) put(first, text, sizeof(text) - 1)
#define CASE(label, code, error, ...)                          \
  s_label = label, PUT(0x81, "good"), __VA_ARGS__, finish(code, error, 1)

static void protocol(void) {
  static char big[200];
  for (int rsv = 0x10; rsv <= 0x70; rsv += 0x10) {
    CASE("reserved bits of text", 1002, "WS reserved bits", PUT(0x81 | rsv, "bad"));
    CASE("reserved bits of a ping", 1002, "WS reserved bits", PUT(0x89 | rsv, ""));
    CASE("reserved bits of close", 1002, "WS reserved bits", PUT(0x88 | rsv, "\x03\xe8"));
  }
  for (int op = 3; op < 16; op++) {
    char error[50];
    if (op >= 8 && op <= 10) continue;
    snprintf(error, sizeof(error), "unknown WS op %d", op);
    CASE("reserved opcode", 1002, error, PUT(0x80 | op, "bad"));
    CASE("reserved opcode, empty", 1002, error, PUT(0x80 | op, ""));
    CASE("reserved opcode, not final", 1002, error, PUT(op, "bad"));
  }
  CASE("ping of 126 bytes", 1002, "WS control frame too long", put(0x89, big, 126));
  CASE("pong of 126 bytes", 1002, "WS control frame too long", put(0x8a, big, 126));
  CASE("close of 126 bytes", 1002, "WS control frame too long", memcpy(big, "\x03\xe8", 2), put(0x88, big, 126));
  CASE("ping with a 16-bit length", 1002, "WS control frame too long", put_header(0x89, s_to_server, 2, 2));
  CASE("ping with a 64-bit length", 1002, "WS control frame too long", put_header(0x89, s_to_server, 2, 8));
  CASE("fragmented ping", 1002, "WS control frame fragmented", PUT(0x09, "a"), PUT(0x80, "b"));
  CASE("fragmented pong", 1002, "WS control frame fragmented", PUT(0x0a, "a"));
  CASE("fragmented close", 1002, "WS control frame fragmented", PUT(0x08, "\x03\xe8"));
  CASE("stray continuation", 1002, "WS continuation of nothing", PUT(0x80, "bad"));
  CASE("stray continuation, not final", 1002, "WS continuation of nothing", PUT(0x00, "bad"));
  CASE("continuation of a whole message", 1002, "WS continuation of nothing", PUT(0x80, ""), PUT(0x80, "bad"));
  CASE("text in a fragmented message", 1002, "WS message inside a message", PUT(0x01, "good"), PUT(0x81, "bad"));
  CASE("binary in a fragmented message", 1002, "WS message inside a message", PUT(0x02, "good"), PUT(0x82, "bad"));
  CASE("second first fragment", 1002, "WS message inside a message", PUT(0x01, "good"), PUT(0x01, "bad"));
  CASE("wrong masking", 1002, s_to_server ? "WS frame not masked" : "WS frame masked",
       put_header(0x81, !s_to_server, 1, 1), s_bytes[s_len++] = 'x');
  CASE("empty frame with wrong masking", 1002, s_to_server ? "WS frame not masked" : "WS frame masked",
       put_header(0x81, !s_to_server, 0, 1));
}

static void lengths(void) {
  const char *too_big = "MG_MAX_RECV_SIZE";
  CASE("2^63 bytes", 1002, "WS frame length", put_header(0x82, s_to_server, (uint64_t) 1 << 63, 8));
  CASE("2^64 - 1 bytes", 1002, "WS frame length", put_header(0x82, s_to_server, ~(uint64_t) 0, 8));
  CASE("2^63 - 1 bytes", 1009, too_big, put_header(0x82, s_to_server, ~(uint64_t) 0 >> 1, 8));
  CASE("2^32 bytes", 1009, too_big, put_header(0x82, s_to_server, (uint64_t) 1 << 32, 8));
  CASE("2^30 + 1 bytes", 1009, too_big, put_header(0x82, s_to_server, (1 << 30) + 1, 8));
  CASE("more than the buffer holds", 1009, too_big, put_header(0x82, s_to_server, 3 * 1024 * 1024, 8));
  CASE("more than the rest of the buffer", 1009, too_big, put(0x02, "x", 1),
       put_header(0x80, s_to_server, 3 * 1024 * 1024 - 10, 8));
}

static void utf8(void) {
  const char *error = "WS text is not UTF-8";
  CASE("a byte that is never UTF-8", 1007, error, PUT(0x81, "a\xff"));
  CASE("continuation byte alone", 1007, error, PUT(0x81, "\x80"));
  CASE("cut character", 1007, error, PUT(0x81, "\xe2\x82"));
  CASE("overlong slash", 1007, error, PUT(0x81, "\xc0\xaf"));
  CASE("surrogate", 1007, error, PUT(0x81, "\xed\xa0\x80"));
  CASE("beyond U+10FFFF", 1007, error, PUT(0x81, "\xf4\x90\x80\x80"));
  CASE("broken in the first fragment", 1007, error, PUT(0x01, "\xff"));
  CASE("broken in a middle fragment, which is the last to come", 1007, error, PUT(0x01, "a"), PUT(0x00, "\xce\xce"));
  CASE("broken across fragments", 1007, error, PUT(0x01, "\xe2"), PUT(0x00, "\x82"), PUT(0x80, "a"));
  CASE("cut at the end of the last fragment", 1007, error, PUT(0x01, "\xe2"), PUT(0x80, "\x82"));
  CASE("cut, and the last fragment is empty", 1007, error, PUT(0x01, "\xe2"), PUT(0x80, ""));
  // The rest of the frame never comes.
  CASE("broken in the middle of a frame", 1007, error, PUT(0x81, "abcdef\xff"),
       s_bytes[s_len - 8 - (s_to_server ? 4 : 0)] += 50);
}

static void closing(void) {
  const int codes[] = {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};
  for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    char payload[] = {(char) (codes[i] >> 8), (char) codes[i], 'x'};
    CASE("close code", 1002, "WS close code", put(0x88, payload, 2));
    CASE("close code with reason", 1002, "WS close code", put(0x88, payload, 3));
  }
  CASE("close of one byte", 1002, "WS close code", PUT(0x88, "\x03"));
  CASE("close reason", 1007, "WS close reason is not UTF-8", PUT(0x88, "\x03\xe8" "\xff"));
  CASE("cut close reason", 1007, "WS close reason is not UTF-8", PUT(0x88, "\x03\xe8" "abc\xe2\x82"));
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  for (int i = 0; i < 2; i++) {
    s_to_server = i == 0, s_role = s_to_server ? "to a server" : "to a client";
    protocol();
    lengths();
    utf8();
    closing();
  }
  return 0;
}
