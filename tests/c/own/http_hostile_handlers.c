// The reference uses freed memory when handlers do this: release or move the receive buffer, close connections,
// run the event loop, switch protocols, all inside HTTP events.

#include "mongoose.h"

#define CHECK(x)                                                     \
  do {                                                               \
    if (!(x)) printf("%s:%d: %s\n", s_label, __LINE__, #x), exit(1); \
  } while (0)

static const char *s_label;
static int s_event, s_action, s_closes, s_depth, s_budget;

static void other(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) c->recv.len = 0;
  (void) ev_data;
}

enum { FREE, EMPTY, GROW, SHRINK, CLOSE, CLOSE_ALL, POLL, POLL_AND_SEND, PREPEND, APPEND, SWITCH, NO_HANDLER, CLOSING, FREE_SEND, REENTER,
       REPLIES, CHANGE_TEXT, CLEAR_RESP, ACTIONS };

static int s_fd;

static void act(struct mg_connection *c) {
  long n = 0;
  switch (s_action) {
    case FREE: mg_iobuf_free(&c->recv); break;
    case EMPTY: c->recv.len = 0; break;
    case GROW: mg_iobuf_resize(&c->recv, 500000); break;
    case SHRINK: mg_iobuf_resize(&c->recv, 5); break;
    case CLOSE: mg_close_conn(c); break;
    case CLOSE_ALL:
      for (struct mg_connection *p = c->mgr->conns, *next; p != NULL; p = next) {
        next = p->next;
        if (!p->is_listening) mg_close_conn(p);
      }
      break;
    case POLL:
      if (s_budget > 0 && s_depth < 3) {
        s_depth++, s_budget--;
        mg_mgr_poll(c->mgr, 1);
        s_depth--;
      }
      break;
    case POLL_AND_SEND:
      if (s_budget > 0 && s_depth < 3) {
        s_depth++, s_budget--;
        send(s_fd, "GET /nested HTTP/1.1\r\n\r\n", 24, MSG_NOSIGNAL);
        for (int i = 0; i < 3; i++) mg_mgr_poll(c->mgr, 1);
        s_depth--;
      }
      break;
    case PREPEND: mg_iobuf_add(&c->recv, 0, "xyz", 3); break;
    case APPEND: if (s_budget-- > 0) mg_iobuf_add(&c->recv, c->recv.len, "GET /appended HTTP/1.1\r\n\r\n", 26); break;
    case SWITCH: c->pfn = other; break;
    case NO_HANDLER: c->pfn = NULL, c->fn = NULL; break;
    case CLOSING: c->is_closing = 1; break;
    case FREE_SEND: mg_iobuf_free(&c->send); break;
    case REENTER:
      if (s_budget-- <= 0) break;
      mg_call(c, MG_EV_READ, &n);
      mg_call(c, MG_EV_POLL, NULL);
      if (s_event != MG_EV_READ) mg_call(c, MG_EV_CLOSE, NULL);
      break;
    case REPLIES:
      for (int i = 0; i < 5; i++) mg_http_reply(c, 200, "", "%d", i), mg_http_write_chunk(c, "", 0);
      break;
    case CHANGE_TEXT: if (c->recv.len > 0) memset(c->recv.buf, '\n', c->recv.len); break;
    case CLEAR_RESP: c->is_resp = 0; break;
  }
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) {
    size_t sum = 0;
    for (size_t i = 0; i < hm->message.len; i++) sum += (unsigned char) hm->message.buf[i];
    mg_http_reply(c, 200, "", "%lu", (unsigned long) sum);
  }
  if (ev == MG_EV_CLOSE) s_closes++;
  if (ev == s_event) act(c);
}

static void run(const char *label, const char *segments[]) {
  struct mg_mgr mgr;
  char buf[4096];
  s_label = label, s_closes = s_depth = 0, s_budget = 10;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(s_fd, (struct sockaddr *) &addr, sizeof(addr));
  for (size_t i = 0; segments[i] != NULL; i++) {
    send(s_fd, segments[i], strlen(segments[i]), MSG_NOSIGNAL);
    for (int k = 0; k < 3; k++) mg_mgr_poll(&mgr, 1);
  }
  while (recv(s_fd, buf, sizeof(buf), MSG_DONTWAIT) > 0) (void) 0;
  close(s_fd);
  for (int k = 0; k < 10 && s_closes == 0; k++) mg_mgr_poll(&mgr, 1);
  // The listener still works.
  s_event = -1;
  ssize_t n = 0;
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(s_fd, (struct sockaddr *) &addr, sizeof(addr));
  send(s_fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
  for (int k = 0; k < 100 && n <= 0; k++) mg_mgr_poll(&mgr, 5), n = recv(s_fd, buf, sizeof(buf), MSG_DONTWAIT);
  CHECK(n > 12 && memcmp(buf, "HTTP/1.1 200", 12) == 0);
  close(s_fd);
  mg_mgr_free(&mgr);
}

#define RUN(label, ...)                             \
  do {                                              \
    const char *segments[] = {__VA_ARGS__, NULL};   \
    s_event = events[e];                            \
    run(label, segments);                           \
  } while (0)

int main(void) {
  static const int events[] = {MG_EV_HTTP_HDRS, MG_EV_HTTP_MSG, MG_EV_READ, MG_EV_POLL, MG_EV_WRITE, MG_EV_ERROR, MG_EV_CLOSE};
  static char big[70000];
  size_t n = 0;
  mg_log_level = MG_LL_NONE;
  for (int i = 0; i < 2000; i++) n += (size_t) sprintf(big + n, "GET /%d HTTP/1.1\r\n\r\n", i);
  for (size_t e = 0; e < sizeof(events) / sizeof(events[0]); e++) {
    for (s_action = 0; s_action < ACTIONS; s_action++) {
      RUN("one request", "GET / HTTP/1.1\r\n\r\n");
      RUN("two requests", "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
      RUN("two thousand requests", big);
      RUN("a body in pieces", "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", "01234", "56789GET", " / HTTP/1.1\r\n\r\n");
      RUN("chunks", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "lo\r\n0", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n");
      RUN("a bad chunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "xyz");
      RUN("a request to close behind", "GET / HTTP/1.1\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    }
  }
  return 0;
}
