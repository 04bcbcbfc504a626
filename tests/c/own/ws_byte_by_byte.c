// A message that arrives one byte per segment, and a handshake that does; then large ones, without a network, whose
// bytes must cost the same however much came before them. Own, because it looks at the time, and because the reference
// believes every answer to a handshake.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static size_t s_read, s_len;
static bool s_open, s_closed, s_network;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_WS_OPEN) s_open = true;
  if (ev == MG_EV_READ) s_read += *(size_t *) ev_data;
  if (ev == MG_EV_ERROR) printf("%s\n", (char *) ev_data), exit(1);
  if (ev != MG_EV_WS_MSG) return;
  s_len = wm->data.len;
  for (size_t i = 0; i < s_len; i++) CHECK(wm->data.buf[i] == 'x');
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) s_read += *(size_t *) ev_data;
  if (ev == MG_EV_ERROR) CHECK(strcmp((char *) ev_data, "ws handshake error") == 0);
  if (ev == MG_EV_CLOSE) s_closed = true;
  (void) c;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static struct mg_connection *accepted(struct mg_mgr *mgr) {
  struct mg_connection *c = mgr->conns;
  while (c != NULL && c->is_listening) c = c->next;
  return c;
}

// Sends the bytes one by one, or puts them into the receive buffer without a network.
static void drip(struct mg_mgr *mgr, int fd, const char *p, size_t len) {
  struct mg_connection *c = accepted(mgr);
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  s_read = 0;
  for (size_t i = 0; i < len; i++) {
    if (s_network) {
      CHECK(send(fd, p + i, 1, MSG_NOSIGNAL) == 1);
      for (int k = 0; k < 500 && s_read <= i; k++) mg_mgr_poll(mgr, 10);
    } else {
      long n = 1;
      mg_iobuf_add(&c->recv, c->recv.len, p + i, 1);
      mg_call(c, MG_EV_READ, &n);
    }
  }
}

// Returns CPU seconds per byte.
static double message(size_t size) {
  static const char request[] = "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n";
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  char *frame = malloc(size + 14);
  memcpy(frame, "\x81\xff\0\0\0\0\0\0\0\0\x01\x02\x03\x04", 14);
  for (int i = 0; i < 4; i++) frame[6 + i] = (char) (size >> (24 - 8 * i));
  for (size_t i = 0; i < size; i++) frame[14 + i] = 'x' ^ (char) (1 + (i & 3));
  s_open = false, s_len = 0;
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  for (int k = 0; k < 500 && accepted(&mgr) == NULL; k++) mg_mgr_poll(&mgr, 10);
  drip(&mgr, fd, request, sizeof(request) - 1);
  CHECK(s_open);
  double start = seconds();
  drip(&mgr, fd, frame, size + 14);
  double end = seconds();
  CHECK(s_len == size);
  free(frame);
  close(fd);
  mg_mgr_free(&mgr);
  return (end - start) / (double) size;
}

// The head of a server's answer, which is no good in the end.
static double handshake(size_t size) {
  struct mg_mgr mgr;
  char url[50], *head = malloc(size + 200);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind(listener, (struct sockaddr *) &addr, len) == 0 && listen(listener, 1) == 0);
  getsockname(listener, (struct sockaddr *) &addr, &len);
  snprintf(url, sizeof(url), "ws://127.0.0.1:%d", ntohs(addr.sin_port));
  mg_mgr_init(&mgr);
  mg_ws_connect(&mgr, url, client, NULL, NULL);
  int fd = accept(listener, NULL, NULL);
  size_t n = (size_t) sprintf(head, "HTTP/1.1 101 Switching Protocols\r\nX: ");
  memset(head + n, 'x', size), n += size;
  memcpy(head + n, "\r\n\r\n", 4), n += 4;
  s_closed = false;
  double start = seconds();
  drip(&mgr, fd, head, n);
  double end = seconds();
  for (int k = 0; k < 500 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  CHECK(s_closed);
  free(head);
  close(fd), close(listener);
  mg_mgr_free(&mgr);
  return (end - start) / (double) size;
}

static void compare(const char *what, double (*run)(size_t), size_t small, size_t large) {
  double few = run(small), many = run(large);
  if (getenv("VERBOSE") != NULL) printf("%s: %.0f and %.0f ns per byte\n", what, few * 1e9, many * 1e9);
  // Looking at everything again would take some fifty times as long.
  if (many > few * 8) printf("%s: %.0f and %.0f ns per byte\n", what, few * 1e9, many * 1e9), exit(1);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  s_network = true;
  message(2000), handshake(2000);
  s_network = false;
  compare("message", message, 10000, 500000);
  compare("handshake", handshake, 10000, 500000);
  return 0;
}
