// Functions of streamed bodies that do the worst: release or move buffers, close connections, run the event loop, switch
// protocols, begin further bodies, answer many times. Each body is told of its end once, and others are served.

#include "mongoose.h"

#define CHECK(x)                                                                                                   \
  do {                                                                                                             \
    if (!(x)) printf("%s, place %d, action %d, %d: %s\n", s_label, s_place, s_action, __LINE__, #x), exit(1); \
  } while (0)

enum { HEADERS, PIECE, IN_DONE, SOURCE, OUT_DONE, MESSAGE, ERROR, PLACES };
enum { FREE, EMPTY, GROW, CLOSE, CLOSE_ALL, POLL, POLL_AND_SEND, PREPEND, SWITCH, NO_HANDLER, CLOSING, DRAINING, NOT_CLOSING,
       FREE_SEND, SEND, REENTER, REPLIES, CHUNKS, CLEAR_RESP, SET_RESP, FAIL, PAUSE, PAUSE_AND_RESUME, RESUME, STREAM, READ, UPLOAD,
       ACTIONS };

static const char *s_label;
static int s_place, s_action, s_closes, s_depth, s_budget, s_fd, s_in_begun, s_in_done, s_out_begun, s_out_done;
static struct mg_http_message *s_hm;

static void other(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) c->recv.len = 0;
  (void) ev_data;
}

static void stream(struct mg_connection *c);
static void read_body(struct mg_connection *c, struct mg_http_message *hm);

static void poll_inside(struct mg_connection *c, int times) {
  if (s_budget <= 0 || s_depth >= 3) return;
  s_depth++, s_budget--;
  for (int i = 0; i < times; i++) mg_mgr_poll(c->mgr, 1);
  s_depth--;
}

static void act(struct mg_connection *c, int place) {
  long n = 0;
  if (place != s_place) return;
  switch (s_action) {
    case FREE: mg_iobuf_free(&c->recv); break;
    case EMPTY: c->recv.len = 0; break;
    case GROW: mg_iobuf_resize(&c->recv, 500000), mg_iobuf_resize(&c->send, 500000); break;
    case CLOSE: mg_close_conn(c); break;
    case CLOSE_ALL:
      for (struct mg_connection *p = c->mgr->conns, *next; p != NULL; p = next) {
        next = p->next;
        if (!p->is_listening) mg_close_conn(p);
      }
      break;
    case POLL: poll_inside(c, 1); break;
    case POLL_AND_SEND:
      if (s_budget > 0) send(s_fd, "GET /nested HTTP/1.1\r\n\r\n", 24, MSG_NOSIGNAL);
      poll_inside(c, 3);
      break;
    case PREPEND: if (s_budget-- > 0) mg_iobuf_add(&c->recv, 0, "xyz", 3); break;
    case SWITCH: c->pfn = other; break;
    case NO_HANDLER: c->pfn = NULL, c->fn = NULL; break;
    case CLOSING: c->is_closing = 1; break;
    case DRAINING: c->is_draining = 1; break;
    case NOT_CLOSING: c->is_closing = 0, c->is_draining = 0; break;
    case FREE_SEND: mg_iobuf_free(&c->send); break;
    case SEND: if (s_budget-- > 0) mg_printf(c, "%100000s", "x"); break;
    case REENTER:
      if (s_budget-- <= 0) break;
      mg_call(c, MG_EV_READ, &n);
      mg_call(c, MG_EV_POLL, NULL);
      mg_call(c, MG_EV_WRITE, &n);
      mg_call(c, MG_EV_CLOSE, NULL);
      break;
    case REPLIES: if (s_budget-- > 0) mg_http_reply(c, 200, "", "1"), mg_http_reply(c, 200, "", "2"); break;
    case CHUNKS: if (s_budget-- > 0) mg_http_write_chunk(c, "abc", 3), mg_http_write_chunk(c, "", 0); break;
    case CLEAR_RESP: c->is_resp = 0; break;
    case SET_RESP: c->is_resp = 1; break;
    case FAIL: if (s_budget-- > 0) mg_error(c, "mine"); break;
    case PAUSE: mg_http_pause_body(c); break;
    case PAUSE_AND_RESUME: mg_http_pause_body(c), mg_http_resume_body(c), mg_http_resume_send(c); break;
    case RESUME: if (s_budget-- > 0) mg_http_resume_send(c), mg_http_resume_body(c); break;
    case STREAM: stream(c); break;
    case READ: if (s_hm != NULL) read_body(c, s_hm); break;
    case UPLOAD: if (s_hm != NULL && s_budget-- > 0) mg_http_start_upload(c, s_hm, mg_str("f"), mg_str("."), NULL, NULL); break;
  }
}

// Counts how often it is told.
struct body {
  int done, left;
};

static void piece(struct mg_connection *c, struct mg_str data, void *arg) {
  CHECK(((struct body *) arg)->done == 0 && data.len > 0);
  uint32_t sum = mg_crc32(0, data.buf, data.len);
  act(c, PIECE);
  CHECK(mg_crc32(0, data.buf, data.len) == sum);
  CHECK(((struct body *) arg)->done == 0);
}

static void in_done(struct mg_connection *c, const char *error, void *arg) {
  s_in_done++;
  act(c, IN_DONE);
  CHECK(error == NULL || strlen(error) > 0);
  free(arg);
}

static long source(struct mg_connection *c, char *buf, size_t len, void *arg) {
  struct body *body = (struct body *) arg;
  CHECK(body->done == 0 && len > 0);
  memset(buf, 'x', len);
  act(c, SOURCE);
  memset(buf, 'y', len);
  CHECK(body->done == 0);
  return body->left-- > 0 ? 1 + (long) (len - 1) / 2 : MG_HTTP_STREAM_END;
}

static void out_done(struct mg_connection *c, const char *error, void *arg) {
  s_out_done++;
  act(c, OUT_DONE);
  CHECK(error == NULL || strlen(error) > 0);
  free(arg);
}

static void stream(struct mg_connection *c) {
  struct body *body = (struct body *) calloc(1, sizeof(*body));
  if (s_budget-- < 0) {
    free(body);
    return;
  }
  body->left = 4;
  s_out_begun++;
  if (!mg_http_reply_stream(c, 200, "", -1, source, out_done, body)) s_out_begun--, free(body);
}

static void read_body(struct mg_connection *c, struct mg_http_message *hm) {
  struct body *body = (struct body *) calloc(1, sizeof(*body));
  s_in_begun++;
  if (!mg_http_read_body(c, hm, piece, in_done, body)) s_in_begun--, free(body);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_CLOSE) s_closes++;
  if (ev == MG_EV_ERROR) act(c, ERROR);
  if (ev == MG_EV_HTTP_HDRS) {
    s_hm = (struct mg_http_message *) ev_data;
    read_body(c, s_hm);
    act(c, HEADERS);
    s_hm = NULL;
  } else if (ev == MG_EV_HTTP_MSG) {
    s_hm = (struct mg_http_message *) ev_data;
    act(c, MESSAGE);
    s_hm = NULL;
    stream(c);
  }
}

static void run(const char *label, const char *segments[]) {
  struct mg_mgr mgr;
  char buf[16384];
  s_label = label, s_closes = s_depth = 0, s_budget = 10;
  s_in_begun = s_in_done = s_out_begun = s_out_done = 0;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(s_fd, (struct sockaddr *) &addr, sizeof(addr));
  for (size_t i = 0; segments[i] != NULL; i++) {
    send(s_fd, segments[i], strlen(segments[i]), MSG_NOSIGNAL);
    for (int k = 0; k < 3; k++) mg_mgr_poll(&mgr, 0);
  }
  for (int k = 0; k < 5; k++) {
    while (recv(s_fd, buf, sizeof(buf), MSG_DONTWAIT) > 0) (void) 0;
    mg_mgr_poll(&mgr, 0);
  }
  close(s_fd);
  for (int k = 0; k < 5 && s_closes == 0; k++) mg_mgr_poll(&mgr, 0);
  // The listener still works.
  int action = s_action;
  s_action = ACTIONS;
  ssize_t n = 0;
  s_budget = 10;
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(s_fd, (struct sockaddr *) &addr, sizeof(addr));
  send(s_fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
  for (int k = 0; k < 100 && n <= 0; k++) mg_mgr_poll(&mgr, 5), n = recv(s_fd, buf, sizeof(buf), MSG_DONTWAIT);
  CHECK(n > 12 && memcmp(buf, "HTTP/1.1 200", 12) == 0);
  close(s_fd);
  mg_mgr_free(&mgr);
  s_action = action;
  CHECK(s_in_begun == s_in_done && s_out_begun == s_out_done);
}

#define RUN(label, ...)                           \
  do {                                            \
    const char *segments[] = {__VA_ARGS__, NULL}; \
    run(label, segments);                         \
  } while (0)

#define CHUNKED "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"

int main(void) {
  static char big[70000];
  size_t n = 0;
  mg_log_set(MG_LL_NONE);
  for (int i = 0; i < 500; i++) n += (size_t) sprintf(big + n, "PUT /%d HTTP/1.1\r\nContent-Length: 3\r\n\r\n012", i);
  for (s_place = 0; s_place < PLACES; s_place++) {
    for (s_action = 0; s_action < ACTIONS; s_action++) {
      RUN("no body", "GET / HTTP/1.1\r\n\r\n");
      RUN("two requests", "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
      RUN("many requests", big);
      RUN("a body in pieces", "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", "01234", "56789GET", " / HTTP/1.1\r\n\r\n");
      RUN("chunks", CHUNKED "5\r\n012", "34\r\n1\r\n5\r\n0", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n");
      RUN("a bad chunk", CHUNKED "1\r\n", "0\r\n", "xyz");
      RUN("a body without its end", "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", "01234");
      RUN("a client that waits", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n", "01234", "56789");
    }
  }
  return 0;
}
