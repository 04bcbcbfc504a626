// 100,000 small frames, and a message of 10,000 and more tiny fragments, that are all in the receive buffer at once. Own,
// because it looks at the time that handling them takes: it grows with their number only, whereas the reference moves
// down everything behind each frame. Every handler must find its frame at the start of the buffer.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

enum { MOST = 100000 };

static int s_msgs, s_ctls;
static size_t s_len;
static bool s_fragments, s_full;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG) {
    mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
    c->is_full = 1;  // Until everything has been sent.
    s_full = true;
  }
  if (ev == MG_EV_ERROR) printf("%s\n", (char *) ev_data), exit(1);
  if (ev == MG_EV_WS_CTL) s_ctls++;
  if (ev != MG_EV_WS_MSG) return;
  s_len = wm->data.len;
  if (s_fragments) {
    CHECK(wm->data.buf == (char *) c->recv.buf + 1);
  } else {
    char expected[20];
    CHECK(wm->data.buf == (char *) c->recv.buf + 6);
    CHECK((size_t) snprintf(expected, sizeof(expected), "%d", s_msgs) == wm->data.len);
    CHECK(memcmp(expected, wm->data.buf, wm->data.len) == 0);
  }
  s_msgs++;
}

// Returns CPU seconds per frame.
static double run(int frames) {
  struct mg_mgr mgr;
  static char out[MOST * 13];
  const char request[] = "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n";
  size_t len = 0, sent = 0;
  ssize_t n;
  struct timespec a, b;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), size = 4 << 20;
  s_msgs = s_ctls = 0, s_len = 0, s_full = false;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  CHECK(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == sizeof(request) - 1);
  for (int k = 0; k < 500 && !s_full; k++) mg_mgr_poll(&mgr, 10);
  for (int i = 0; i < frames; i++) {
    char text[20] = "x";
    size_t digits = s_fragments ? 1 : (size_t) snprintf(text, sizeof(text), "%d", i);
    int first = !s_fragments ? 0x81 : i == 0 ? 0x01 : i == frames - 1 ? 0x80 : 0x00;
    const uint8_t header[] = {(uint8_t) first, (uint8_t) (0x80 | digits), 0, 0, 0, 0};
    memcpy(out + len, header, sizeof(header)), memcpy(out + len + sizeof(header), text, digits);
    len += sizeof(header) + digits;
  }
  // Part of it waits in a buffer as large as it may become, the rest in the sockets.
  struct mg_connection *c = mgr.conns->is_listening ? mgr.conns->next : mgr.conns;
  CHECK(mg_iobuf_resize(&c->recv, 2 << 20));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  while ((n = send(fd, out + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) sent += (size_t) n;
  c->is_full = 0;
  for (int k = 0; k < 10000 && (s_fragments ? s_msgs < 1 : s_msgs < frames); k++) {
    mg_mgr_poll(&mgr, 1);
    while ((n = send(fd, out + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) sent += (size_t) n;
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  CHECK(s_msgs == (s_fragments ? 1 : frames));
  if (s_fragments) CHECK(s_ctls == frames - 1 && s_len == (size_t) frames);
  CHECK(c->recv.len == 0 && c->pfn_data == NULL);
  close(fd);
  mg_mgr_free(&mgr);
  return ((double) (b.tv_sec - a.tv_sec) + (double) (b.tv_nsec - a.tv_nsec) / 1e9) / frames;
}

static void compare(const char *what) {
  double few = run(MOST / 40), many = run(MOST);
  if (getenv("VERBOSE") != NULL) printf("%s: %.0f and %.0f ns per frame\n", what, few * 1e9, many * 1e9);
  // Moving the rest down for every frame would take some forty times as long.
  if (many > few * 8) printf("%s: %.0f and %.0f ns per frame\n", what, few * 1e9, many * 1e9), exit(1);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  compare("messages");
  s_fragments = true;
  CHECK(run(10000) > 0);
  compare("fragments");
  return 0;
}
