// A head of 2 MB, and a chunked body of 1 MB, that arrive in small pieces. The reference looks at everything again
// with every piece, so that a byte costs more the longer the message is; here it does not.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static size_t s_read, s_body;
static int s_msgs;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_ERROR) printf("%s\n", (char *) ev_data), exit(1);
  if (ev == MG_EV_READ) s_read += *(size_t *) ev_data;
  if (ev == MG_EV_HTTP_MSG) s_msgs++, s_body = hm->body.len, mg_http_reply(c, 200, "", "");
}

// Returns CPU seconds per byte.
static double run(const char *text, size_t len) {
  struct mg_mgr mgr;
  struct timespec a, b;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  s_read = 0, s_msgs = 0;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  for (size_t sent = 0; sent < len;) {
    ssize_t n = send(fd, text + sent, len - sent < 500 ? len - sent : 500, MSG_NOSIGNAL);
    CHECK(n > 0);
    sent += (size_t) n;
    for (int k = 0; k < 500 && s_read < sent; k++) mg_mgr_poll(&mgr, 10);
    CHECK(s_read == sent);
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  CHECK(s_msgs == 1);
  close(fd);
  mg_mgr_free(&mgr);
  return ((double) (b.tv_sec - a.tv_sec) + (double) (b.tv_nsec - a.tv_nsec) / 1e9) / (double) len;
}

static double head(size_t size) {
  static char text[2200000];
  size_t len = (size_t) sprintf(text, "GET / HTTP/1.1\r\n");
  while (len < size) len += (size_t) sprintf(text + len, "x%lu: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", (unsigned long) len);
  len += (size_t) sprintf(text + len, "\r\n");
  return run(text, len);
}

static double chunks(int count) {
  static char text[2200000];
  size_t len = (size_t) sprintf(text, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < count; i++) len += (size_t) sprintf(text + len, "a\r\n0123456789\r\n");
  len += (size_t) sprintf(text + len, "0\r\n\r\n");
  double cost = run(text, len);
  CHECK(s_body == (size_t) count * 10);
  return cost;
}

static void compare(const char *what, double small, double large) {
  if (getenv("VERBOSE") != NULL) printf("%s: %.0f and %.0f ns per byte\n", what, small * 1e9, large * 1e9);
  if (large > small * 4) printf("%s: %.0f and %.0f ns per byte\n", what, small * 1e9, large * 1e9), exit(1);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  double small = head(100000);
  compare("head", small, head(2000000));
  small = chunks(5000);
  compare("chunks", small, chunks(100000));
  return 0;
}
