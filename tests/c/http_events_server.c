// Which events an HTTP server connection gets, in which order, and with which message.
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

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_OPEN) add("OPEN");
  if (ev == MG_EV_ACCEPT) add(" ACCEPT");
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_READ) add(" READ(%ld left %lu)", *(long *) ev_data, (unsigned long) c->recv.len), s_read += *(size_t *) ev_data;
  if (ev == MG_EV_CLOSE) add(" CLOSE"), s_closed = true;
  if (ev == MG_EV_HTTP_HDRS && !s_announced) {
    s_announced = true;
    add(" HDRS(%.*s %.*s", (int) hm->method.len, hm->method.buf, (int) hm->uri.len, hm->uri.buf);
    add_length("body", hm->body.len), add_length("message", hm->message.len);
    add(" body at %d resp %d)", (int) (hm->body.buf - hm->head.buf - (long) hm->head.len), c->is_resp);
  }
  if (ev == MG_EV_HTTP_MSG) {
    s_announced = false;
    add(" MSG(%.*s %.*s", (int) hm->method.len, hm->method.buf, (int) hm->uri.len, hm->uri.buf);
    add(" [%.*s]", (int) hm->body.len, hm->body.buf);
    add_length("message", hm->message.len);
    add(" resp %d)", c->is_resp);
    mg_http_reply(c, 200, "", "%.*s", (int) hm->uri.len, hm->uri.buf);
  }
}

// Sends the segments, each when the one before it has been read, and prints events and answer.
static void run(const char *label, const char *segments[]) {
  static char answer[8192];
  struct mg_mgr mgr;
  size_t sent = 0;
  ssize_t n;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  s_trace[0] = '\0', s_read = 0, s_closed = s_announced = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  for (size_t i = 0; segments[i] != NULL; i++) {
    send(fd, segments[i], strlen(segments[i]), MSG_NOSIGNAL);
    sent += strlen(segments[i]);
    for (int k = 0; k < 500 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
    for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 0);
  }
  shutdown(fd, SHUT_WR);
  for (int k = 0; k < 500 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  size_t len = 0;
  while (len < sizeof(answer) - 1 && (n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0)) > 0) len += (size_t) n;
  answer[len] = '\0';
  int responses = 0;
  for (char *p = answer; (p = strstr(p, "HTTP/1.1 200")) != NULL; p++) responses++;
  printf("%s: %s\n", label, s_trace);
  printf("%s, responses: %d of %zu bytes\n", label, responses, len);
  close(fd);
  mg_mgr_free(&mgr);
}

#define RUN(label, ...)                             \
  do {                                              \
    const char *segments[] = {__VA_ARGS__, NULL};   \
    run(label, segments);                           \
  } while (0)

#define CHUNKED "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
#define LENGTH "POST /p HTTP/1.1\r\nContent-Length: 10\r\n\r\n"

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  RUN("one request", "GET /1 HTTP/1.1\r\n\r\n");
  RUN("two requests, one after the other", "GET /1 HTTP/1.1\r\n\r\n", "GET /2 HTTP/1.1\r\n\r\n");
  RUN("two requests in one segment", "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  RUN("a head in two segments", "GET /1 HTTP/1.1\r\nHost: ", "a\r\n\r\n");
  RUN("a head cut in its last line end", "GET /1 HTTP/1.1\r\nHost: a\r\n\r", "\n");
  RUN("a body in one segment with its head", LENGTH "0123456789");
  RUN("a body in three segments", LENGTH, "01234", "56789");
  RUN("a body and two bytes of the next request", LENGTH "01234", "56789GE", "T /2 HTTP/1.1\r\n\r\n");
  RUN("a body and a request behind it", LENGTH "0123456789GET /2 HTTP/1.1\r\n\r\n");
  RUN("a chunked body", CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  RUN("a chunked body, then a request", CHUNKED "5\r\nhello\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  RUN("a chunked body in segments", CHUNKED, "5\r\nhe", "llo\r\n", "0\r\n\r\n");
  RUN("leading zeros in chunk sizes", CHUNKED "0005\r\nhello\r\n0A\r\n0123456789\r\n000\r\n\r\n");
  RUN("an empty chunked body", CHUNKED "0\r\n\r\n");
  RUN("a POST without length", "POST /p HTTP/1.1\r\n\r\n");
  RUN("a request with an empty body", "POST /p HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  RUN("an HTTP/1.1 request with bare line feeds", "GET /1 HTTP/1.1\nHost: a\n\n");
  RUN("absolute form", "GET http://h/1 HTTP/1.1\r\n\r\n");
  RUN("asterisk form", "OPTIONS * HTTP/1.1\r\n\r\n");
  RUN("authority form", "CONNECT example.com:443 HTTP/1.1\r\n\r\n");
  RUN("half a head", "GET /1 HTTP/1.1\r\n");
  RUN("nothing but a line end", "\r\n");
  return 0;
}
