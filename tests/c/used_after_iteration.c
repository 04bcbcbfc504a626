// A program waits in a loop for what a connection brings, and uses the connection when the iteration has returned: it is still
// there, whatever its peer did behind the data.

#include "mongoose.h"

static struct mg_mgr mgr;
static struct mg_connection *s_conn;  // the one that the program waits on
static bool s_done;

static bool is_open(struct mg_connection *wanted) {
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) {
    if (c == wanted) return !c->is_closing;
  }
  return false;
}

static void takes_all(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ && c->recv.len > 0) s_conn = c, s_done = true, c->recv.len = 0;
  (void) ev_data;
}

static void keeps_all(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ && c->recv.len > 0) s_conn = c, s_done = true;
  (void) ev_data;
}

static void notes_message(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) s_conn = c, s_done = true;
  (void) ev_data;
}

enum ending { CLOSES, HALF_CLOSES, SENDS_MORE };

static void serve(const char *name, bool http, mg_event_handler_t fn, const char *text, enum ending ending) {
  struct mg_connection *l = http ? mg_http_listen(&mgr, "http://127.0.0.1:0", fn, NULL) : mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &to, sizeof(to));
  for (int i = 0; i < 100 && mgr.conns == l; i++) mg_mgr_poll(&mgr, 10);
  send(fd, text, strlen(text), MSG_NOSIGNAL);
  if (ending == CLOSES) close(fd);
  if (ending == HALF_CLOSES) shutdown(fd, SHUT_WR);
  s_done = false;
  for (int i = 0; i < 500 && !s_done; i++) mg_mgr_poll(&mgr, 10);
  printf("%s: done %d open %d\n", name, s_done, is_open(s_conn));
  if (is_open(s_conn)) mg_printf(s_conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  if (ending == HALF_CLOSES) {
    char answer[100];
    ssize_t n = 0, len = 0;
    for (int i = 0; i < 500; i++) {
      mg_mgr_poll(&mgr, 10);
      n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
      if (n == 0) break;
      if (n > 0) len += n;
    }
    printf("%s, then: answer of %ld bytes, then closed %d\n", name, (long) len, n == 0);
  }
  if (ending != CLOSES) close(fd);
  mgr.conns->is_closing = l->is_closing = 1;
  for (int i = 0; i < 100 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 10);
}

static void wrapped(void) {
  int fds[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  mg_wrapfd(&mgr, fds[0], takes_all, NULL);
  send(fds[1], "hello", 5, MSG_NOSIGNAL);
  close(fds[1]);
  s_done = false;
  for (int i = 0; i < 500 && !s_done; i++) mg_mgr_poll(&mgr, 10);
  printf("socket pair: done %d open %d\n", s_done, is_open(s_conn));
  for (int i = 0; i < 100 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 10);
  printf("socket pair, then: closed %d\n", mgr.conns == NULL);
}

int main(void) {
  const char *get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  serve("TCP, taken, closed", false, takes_all, "hello", CLOSES);
  serve("TCP, taken, half-closed", false, takes_all, "hello", HALF_CLOSES);
  serve("TCP, kept, closed", false, keeps_all, "hello", CLOSES);
  serve("TCP, kept, half-closed", false, keeps_all, "hello", HALF_CLOSES);
  serve("TCP, open", false, takes_all, "hello", SENDS_MORE);
  serve("HTTP, closed", true, notes_message, get, CLOSES);
  serve("HTTP, half-closed", true, notes_message, get, HALF_CLOSES);
  serve("HTTP, open", true, notes_message, get, SENDS_MORE);
  wrapped();
  mg_mgr_free(&mgr);
  return 0;
}
