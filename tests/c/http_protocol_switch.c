// A handler that installs another protocol in MG_EV_HTTP_MSG; the client has already sent bytes of it.

#include "mongoose.h"

static char s_trace[1000];
static bool s_closed;
static size_t s_read;

static void add(const char *fmt, ...) {
  va_list ap;
  size_t n = strlen(s_trace);
  va_start(ap, fmt);
  vsnprintf(s_trace + n, sizeof(s_trace) - n, fmt, ap);
  va_end(ap);
}

static void other(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_READ) return;
  add(" other[%.*s]", (int) c->recv.len, (char *) c->recv.buf);
  mg_send(c, c->recv.buf, c->recv.len);
  c->recv.len = 0;
  (void) ev_data;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) {
    add(" MSG");
    mg_printf(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
    c->is_resp = 0;
    c->pfn = other;
  }
  if (ev == MG_EV_READ) s_read += *(size_t *) ev_data, add(" READ(%ld left %lu)", *(long *) ev_data, (unsigned long) c->recv.len);
  if (ev == MG_EV_CLOSE) add(" CLOSE"), s_closed = true;
}

static void run(const char *label, const char *first, const char *second) {
  struct mg_mgr mgr;
  char answer[1000];
  const char *segments[] = {first, second};
  size_t sent = 0;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  s_trace[0] = '\0', s_closed = false, s_read = 0;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  for (int i = 0; i < 2 && !s_closed; i++) {
    send(fd, segments[i], strlen(segments[i]), MSG_NOSIGNAL), sent += strlen(segments[i]);
    for (int k = 0; k < 300 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
    for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 1);
  }
  ssize_t n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
  char *body = n > 36 ? answer + 36 : answer;
  printf("%s:%s, client gets %.12s and [%.*s]\n", label, s_trace, n > 12 ? answer : "nothing", n > 36 ? (int) (n - 36) : 0, body);
  close(fd);
  mg_mgr_free(&mgr);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  run("bytes behind", "GET / HTTP/1.1\r\n\r\n", "abc");
  run("bytes in the same segment", "GET / HTTP/1.1\r\n\r\nabc", "def");
  return 0;
}
