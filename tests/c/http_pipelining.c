// Requests that arrive together: order, what a handler may do to the buffer, closing in between.

#include "mongoose.h"

static enum { REPLY, CLOSING, DRAINING, EMPTY, DELETE_OWN, LATE, DROP_PFN } s_mode;
static bool s_closed;
static char s_seen[400];
static char s_answer[100000];

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void answer(struct mg_connection *c, struct mg_str uri) {
  mg_http_reply(c, 200, "", "<%.*s>", (int) uri.len, uri.buf);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) {
    size_t n = strlen(s_seen);
    snprintf(s_seen + n, sizeof(s_seen) - n, " %.*s[%.*s]", (int) hm->uri.len, hm->uri.buf, (int) hm->body.len, hm->body.buf);
    for (char *p = s_seen; *p != '\0'; p++) *p = *p == '\r' || *p == '\n' || *p == ':' ? '~' : *p;
    if (s_mode != LATE) answer(c, hm->uri);
    if (s_mode == CLOSING) c->is_closing = 1;
    if (s_mode == DRAINING) c->is_draining = 1;
    if (s_mode == EMPTY) c->recv.len = 0;
    if (s_mode == DELETE_OWN) mg_iobuf_del(&c->recv, 0, hm->message.len);
    if (s_mode == DROP_PFN) c->pfn = NULL;
    if (s_mode == LATE) c->data[0] = hm->uri.buf[1];
  }
  if (ev == MG_EV_POLL && s_mode == LATE && c->is_resp) answer(c, (struct mg_str) {c->data, 1});
  if (ev == MG_EV_CLOSE) s_closed = true;
}

static void run(const char *label, const char *request) {
  struct mg_mgr mgr;
  size_t len = 0;
  ssize_t n;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_closed = false, s_seen[0] = '\0';
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, request, strlen(request), MSG_NOSIGNAL);
  for (int k = 0; k < 500 && s_seen[0] == '\0' && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  for (int k = 0; k < 30 && !s_closed; k++) mg_mgr_poll(&mgr, 1);
  while (len < sizeof(s_answer) - 1 && (n = recv(fd, s_answer + len, sizeof(s_answer) - 1 - len, MSG_DONTWAIT)) > 0) len += (size_t) n;
  s_answer[len] = '\0';
  printf("%s, messages:%s\n", label, s_seen);
  printf("%s, answers:", label);
  for (char *p = s_answer; (p = strchr(p, '<')) != NULL; p++) printf(" %.*s", (int) strcspn(p, ">") + 1, p);
  printf(" %s\n", s_closed ? "closed" : "open");
  close(fd);
  mg_mgr_free(&mgr);
}

#define GET(n) "GET /" #n " HTTP/1.1\r\n\r\n"
#define POST(n) "POST /" #n " HTTP/1.1\r\nContent-Length: 3\r\n\r\nb" #n "b"

// Requests whose answers come back in order, more than one read takes.
static int s_count;

static void count(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG) s_count++, answer(c, hm->uri);
}

static void many(int requests) {
  static char request[100000];
  struct mg_mgr mgr;
  size_t len = 0, got = 0;
  ssize_t n;
  int in_order = 0;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", count, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_count = 0;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  for (int i = 0; i < requests; i++) len += (size_t) sprintf(request + len, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
  send(fd, request, len, MSG_NOSIGNAL);
  for (int k = 0; k < 1000 && in_order < requests; k++) {
    mg_mgr_poll(&mgr, 10);
    while (got < sizeof(s_answer) - 1 && (n = recv(fd, s_answer + got, sizeof(s_answer) - 1 - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
    s_answer[got] = '\0';
    in_order = 0;
    for (char *p = s_answer; (p = strchr(p, '<')) != NULL; p++) in_order += atoi(p + 2) == in_order;
  }
  printf("%d requests: messages %d, answers in order %d\n", requests, s_count, in_order);
  close(fd);
  mg_mgr_free(&mgr);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  s_mode = REPLY;
  run("three requests", GET(1) GET(2) GET(3));
  run("bodies", POST(1) GET(2) POST(3));
  run("a POST without length in front", "POST /1 HTTP/1.1\r\n\r\n" GET(2));
  run("the POST that hid a request", "POST /p HTTP/1.1\r\n\r\nGET /123456789012345GET /evil HTTP/1.1\r\n\r\n");
  run("garbage behind", GET(1) "garbage\r\n\r\n");
  run("a bad chunk behind", GET(1) "POST /2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n");
  run("a bad transfer coding behind", GET(1) "POST /2 HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n");
  run("line ends between", GET(1) "\r\n" GET(2) "\r\n\r\n" GET(3));
  s_mode = LATE, run("late answers", GET(1) GET(2) GET(3));
  s_mode = CLOSING, run("is_closing in the handler", GET(1) GET(2));
  s_mode = DRAINING, run("is_draining in the handler", GET(1) GET(2));
  s_mode = EMPTY, run("the handler empties recv", GET(1) GET(2));
  s_mode = DELETE_OWN, run("the handler deletes its message", POST(1) POST(2) POST(3));
  s_mode = DROP_PFN, run("the handler clears pfn", GET(1) GET(2));
  many(500);
  return 0;
}
