// Which events an HTTP client connection gets for what a server sends.
//
// MG_EV_WRITE and MG_EV_POLL are left out; MG_EV_HTTP_HDRS is shown once per message.

#include "mongoose.h"

static char s_trace[8192];
static size_t s_read;
static bool s_closed, s_announced;

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

static void add_length(const char *name, size_t n) {
  if (n == ~(size_t) 0) add(" %s ~0", name);
  else add(" %s %lu", name, (unsigned long) n);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_OPEN) add("OPEN");
  if (ev == MG_EV_RESOLVE) add(" RESOLVE");
  if (ev == MG_EV_CONNECT) add(" CONNECT"), mg_printf(c, "GET / HTTP/1.1\r\n\r\n");
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_READ) add(" READ(%ld left %lu)", *(long *) ev_data, (unsigned long) c->recv.len), s_read += *(size_t *) ev_data;
  if (ev == MG_EV_CLOSE) add(" CLOSE(left %lu)", (unsigned long) c->recv.len), s_closed = true;
  if (ev == MG_EV_HTTP_HDRS && !s_announced) {
    s_announced = true;
    add(" HDRS(%d", mg_http_status(hm));
    add_length("body", hm->body.len);
    add(")");
  }
  if (ev == MG_EV_HTTP_MSG) {
    s_announced = false;
    add(" MSG(%d [", mg_http_status(hm));
    for (size_t i = 0; i < hm->body.len; i++) add(hm->body.buf[i] == '\r' || hm->body.buf[i] == '\n' ? "~" : "%c", hm->body.buf[i]);
    add("]");
    add_length("message", hm->message.len);
    add(" resp %d)", c->is_resp);
  }
}

static void run(const char *label, const char *segments[]) {
  struct mg_mgr mgr;
  char url[40];
  size_t sent = 0;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0), fd, one = 1;
  bind(listener, (struct sockaddr *) &addr, len), listen(listener, 1);
  getsockname(listener, (struct sockaddr *) &addr, &len);
  mg_mgr_init(&mgr);
  snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(addr.sin_port));
  s_trace[0] = '\0', s_read = 0, s_closed = s_announced = false;
  mg_http_connect(&mgr, url, client, NULL);
  fd = accept(listener, NULL, NULL);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 10);
  for (size_t i = 0; segments[i] != NULL; i++) {
    send(fd, segments[i], strlen(segments[i]), MSG_NOSIGNAL);
    sent += strlen(segments[i]);
    for (int k = 0; k < 500 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
    for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 0);
  }
  add(" |");
  shutdown(fd, SHUT_WR);
  for (int k = 0; k < 500 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  printf("%s: %s\n", label, s_trace);
  close(fd), close(listener);
  mg_mgr_free(&mgr);
}

#define RUN(label, ...)                             \
  do {                                              \
    const char *segments[] = {__VA_ARGS__, NULL};   \
    run(label, segments);                           \
  } while (0)

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  RUN("length", OK "Content-Length: 5\r\n\r\nhello");
  RUN("length, in three segments", OK, "Content-Length: 5\r\n\r\nhe", "llo");
  RUN("two responses in one segment", OK "Content-Length: 5\r\n\r\nhello" OK "Content-Length: 3\r\n\r\nbye");
  RUN("until close", OK "\r\nhello", " world");
  RUN("until close, empty", OK "\r\n");
  RUN("length not reached", OK "Content-Length: 50\r\n\r\nhello");
  RUN("chunked", CHUNKED "5\r\nhello\r\n0\r\n\r\n");
  RUN("chunked, in segments", CHUNKED "5\r\nhe", "llo\r\n", "0\r\n\r\n");
  RUN("chunked, without end", CHUNKED "5\r\nhello\r\n3\r\nab");
  RUN("HTTP/1.0, chunked", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  RUN("no reason phrase", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi");
  RUN("204", "HTTP/1.1 204 No Content\r\n\r\n");
  RUN("204, then 200", "HTTP/1.1 204 No Content\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi");
  RUN("204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi");
  RUN("304", "HTTP/1.1 304 Not Modified\r\n\r\n");
  RUN("304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  RUN("100, then 200", "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi");
  RUN("103 and 104, then 200", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 104 New\r\n\r\n", OK "Content-Length: 2\r\n\r\nhi");
  RUN("101", "HTTP/1.1 101 Switching Protocols\r\n\r\nraw bytes");
  RUN("Connection; close", OK "Connection: close\r\nContent-Length: 2\r\n\r\nhi");
  RUN("garbage", "garbage\r\n\r\n");
  RUN("binary", "\x01\x02\x03");
  RUN("bad transfer coding", OK "Transfer-Encoding: gzip\r\n\r\nhello");
  RUN("bad chunk", CHUNKED "xyz\r\n");
  RUN("a request", "GET / HTTP/1.1\r\n\r\n");
  RUN("half a head", OK "Content-Le");
  RUN("an empty line first", "\r\n" OK "Content-Length: 2\r\n\r\nhi");
  RUN("nothing", "");
  return 0;
}
