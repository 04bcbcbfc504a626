// Taking a connection over in MG_EV_HTTP_HDRS by removing data, and what follows.

#include "mongoose.h"

static enum { DELETE_HEAD, EMPTY, REPLY_AND_DRAIN, CLEAR_PFN, CONSUME_BODY, SECOND } s_mode;
static char s_trace[2000];
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

static void add_recv(struct mg_connection *c) {
  add("[");
  for (size_t i = 0; i < c->recv.len; i++) add(c->recv.buf[i] == '\r' || c->recv.buf[i] == '\n' ? "~" : "%c", c->recv.buf[i]);
  add("]");
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_HDRS && !s_announced) {
    s_announced = true;
    add(" HDRS(%.*s)", (int) hm->uri.len, hm->uri.buf);
    if (s_mode == DELETE_HEAD) mg_iobuf_del(&c->recv, 0, hm->head.len);
    if (s_mode == EMPTY) c->recv.len = 0;
    if (s_mode == REPLY_AND_DRAIN) c->recv.len = 0, mg_http_reply(c, 413, "", ""), c->is_draining = 1;
    if (s_mode == CLEAR_PFN) c->pfn = NULL;
    if (s_mode == CONSUME_BODY) mg_iobuf_del(&c->recv, 0, hm->head.len + 3);
    if (s_mode == SECOND && hm->uri.buf[1] == '2') mg_iobuf_del(&c->recv, 0, hm->head.len);
  }
  if (ev == MG_EV_HTTP_MSG) {
    s_announced = false;
    add(" MSG(%.*s, pfn %s)", (int) hm->uri.len, hm->uri.buf, c->pfn == NULL ? "NULL" : "set");
    mg_http_reply(c, 200, "", "");
  }
  if (ev == MG_EV_READ) {
    add(" READ(pfn %s) ", c->pfn == NULL ? "NULL" : "set"), add_recv(c);
    s_read += *(size_t *) ev_data;
    if (c->pfn == NULL && s_read > 100) c->is_draining = 1;
  }
  if (ev == MG_EV_CLOSE) add(" CLOSE "), add_recv(c), s_closed = true;
}

static void run(const char *label, const char *segments[]) {
  struct mg_mgr mgr;
  char answer[2000];
  size_t sent = 0;
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
  ssize_t n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
  printf("%s:%s, answer %.12s\n", label, s_trace, n > 12 ? answer : "none");
  close(fd);
  mg_mgr_free(&mgr);
}

#define RUN(label, ...)                             \
  do {                                              \
    const char *segments[] = {__VA_ARGS__, NULL};   \
    run(label, segments);                           \
  } while (0)

#define POST "POST /1 HTTP/1.1\r\nContent-Length: 10\r\n\r\n"

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  s_mode = DELETE_HEAD;
  RUN("head deleted, whole message there", POST "0123456789");
  RUN("head deleted, body follows", POST, "01234", "56789");
  RUN("head deleted, chunked", "POST /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "lo\r\n0\r\n\r\n");
  RUN("head deleted, request behind", "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  s_mode = EMPTY;
  RUN("all deleted", POST "01234", "56789");
  s_mode = REPLY_AND_DRAIN;
  RUN("rejected", POST "01234");
  s_mode = CLEAR_PFN;
  RUN("pfn cleared, whole message there", POST "0123456789", "more");
  RUN("pfn cleared, body follows", POST "01234", "56789");
  s_mode = CONSUME_BODY;
  RUN("head and some of the body deleted", POST "01234", "56789");
  s_mode = SECOND;
  RUN("the second of two deleted", "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 10\r\n\r\nabcdefghij");
  return 0;
}
