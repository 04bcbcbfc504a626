// What programs do in MG_EV_POLL, or between two iterations, takes effect although nothing else happens: each iteration
// may wait for an hour, and none does.

#include "mongoose.h"

enum { HOUR = 3600000 };
enum how { IN_POLL, BETWEEN, BY_TIMER };

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener, *s_conn;
static enum how s_how;
static int s_fd, s_requests;
static size_t s_received;
static bool s_done;
static void (*s_action)(void);

static void act(enum how how) {
  if (s_conn != NULL && how == s_how) s_action();
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_READ && c->pfn == NULL) {
    s_conn = c;
    s_received += c->recv.len;
    mg_send(c, "hello", 5);
    c->recv.len = 0;
  }
  if (ev == MG_EV_HTTP_MSG) {
    s_conn = c;
    if (++s_requests == 3) s_done = true;
  }
  if (ev == MG_EV_POLL && c == s_conn) act(IN_POLL);
  if (ev == MG_EV_CLOSE) s_done = true, s_conn = NULL;
  (void) ev_data;
}

static void holding_back(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ && !c->is_listening) {
    s_received += c->recv.len;
    c->recv.len = 0;
    c->is_full = 1, s_conn = c;
    if (s_received == 100000) s_done = true;
  }
  if (ev == MG_EV_POLL && c == s_conn) act(IN_POLL);
  (void) ev_data;
}

static void on_timer(void *arg) {
  act(BY_TIMER);
  (void) arg;
}

static void drain(void) { s_conn->is_draining = 1; }
static void close_it(void) { s_conn->is_closing = 1; }
static void go_on(void) { s_conn->is_full = 0; }
static void answer(void) { mg_http_reply(s_conn, 200, "", "hi"), s_conn = NULL; }

static void check(const char *label, enum how how, void (*action)(void), const char *url, mg_event_handler_t fn, const char *text,
                  size_t len) {
  s_done = false, s_conn = NULL, s_how = how, s_action = action, s_received = 0, s_requests = 0;
  mg_mgr_init(&s_mgr);
  s_listener = strncmp(url, "http", 4) == 0 ? mg_http_listen(&s_mgr, url, fn, NULL) : mg_listen(&s_mgr, url, fn, NULL);
  struct sockaddr_in addr = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(s_fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  if (send(s_fd, text, len, MSG_NOSIGNAL) != (ssize_t) len) perror("send"), exit(1);
  mg_timer_add(&s_mgr, 1, MG_TIMER_REPEAT, on_timer, NULL);
  while (!s_done) {
    mg_mgr_poll(&s_mgr, HOUR);
    act(BETWEEN);
  }
  printf("%s: %lu bytes, %d requests\n", label, (unsigned long) s_received, s_requests);
  close(s_fd);
  mg_mgr_free(&s_mgr);
}

int main(void) {
  static char much[100000];
  static const char three[] = "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n";
  mg_log_level = MG_LL_NONE;
  check("drain in MG_EV_POLL", IN_POLL, drain, "tcp://127.0.0.1:0", handler, "x", 1);
  check("close in MG_EV_POLL", IN_POLL, close_it, "tcp://127.0.0.1:0", handler, "x", 1);
  check("drain between iterations", BETWEEN, drain, "tcp://127.0.0.1:0", handler, "x", 1);
  check("close between iterations", BETWEEN, close_it, "tcp://127.0.0.1:0", handler, "x", 1);
  check("answer between iterations", BETWEEN, answer, "http://127.0.0.1:0", handler, three, sizeof(three) - 1);
  check("take more in MG_EV_POLL", IN_POLL, go_on, "tcp://127.0.0.1:0", holding_back, much, sizeof(much));
  check("take more between iterations", BETWEEN, go_on, "tcp://127.0.0.1:0", holding_back, much, sizeof(much));
  check("take more by a timer", BY_TIMER, go_on, "tcp://127.0.0.1:0", holding_back, much, sizeof(much));
  return 0;
}
