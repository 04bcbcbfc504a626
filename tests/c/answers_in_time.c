// What a handler answers leaves before more is read: who looks at how much is queued does not take a peer that reads for a slow
// one, and what was answered before a connection closes arrives.

#include "mongoose.h"

enum { TOTAL = 200000, GUARD = 65536 };

static struct mg_mgr mgr;
static size_t s_read, s_most;
static int s_reads, s_closed;

static void echo(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
    if (c->send.len > s_most) s_most = c->send.len;
    if (c->send.len > GUARD) c->is_closing = 1;
  }
  if (ev == MG_EV_CLOSE && !c->is_listening) s_closed++;
  (void) ev_data;
}

// Answers each piece with a line, and closes at the last.
static void lines(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    s_reads++, s_read += c->recv.len, c->recv.len = 0;
    mg_printf(c, "line %d\n", s_reads);
    if (s_read == TOTAL) c->is_closing = 1;
  }
  (void) ev_data;
}

static void drains(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) s_reads++, c->recv.len = 0, c->is_draining = 1;
  (void) ev_data;
}

// Sends TOTAL bytes to a server that has not begun to read; how many bytes and lines come back.
static size_t talk(mg_event_handler_t fn, bool reads, int *newlines) {
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &to, sizeof(to));
  for (int i = 0; i < 100 && mgr.conns == l; i++) mg_mgr_poll(&mgr, 10);
  static char text[TOTAL];
  memset(text, 'x', sizeof(text));
  mgr.conns->is_full = 1;
  size_t sent = 0, got = 0;
  for (int i = 0; i < 1000 && sent < TOTAL; i++) {
    ssize_t n = send(fd, text + sent, TOTAL - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += (size_t) n;
    else usleep(1000);
  }
  mgr.conns->is_full = 0;
  *newlines = 0, s_read = s_most = 0, s_reads = s_closed = 0;
  for (int i = 0; i < 1000; i++) {
    mg_mgr_poll(&mgr, 1);
    ssize_t n = reads ? recv(fd, text, sizeof(text), MSG_DONTWAIT) : -1;
    for (ssize_t k = 0; k < n; k++) *newlines += text[k] == '\n';
    if (n > 0) got += (size_t) n;
    if (n == 0 || (n < 0 && errno != EAGAIN) || got == TOTAL || mgr.conns == l) break;
  }
  for (ssize_t n; reads && (n = recv(fd, text, sizeof(text), MSG_DONTWAIT)) > 0;) {
    for (ssize_t k = 0; k < n; k++) *newlines += text[k] == '\n';
    got += (size_t) n;
  }
  close(fd);
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) c->is_closing = 1;
  for (int i = 0; i < 100 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 10);
  return got;
}

int main(void) {
  int newlines;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  size_t n = talk(echo, true, &newlines);
  printf("echo with a guard of 64 KB: %lu bytes, most queued within the guard %d\n", (unsigned long) n, s_most <= GUARD);
  talk(lines, true, &newlines);
  printf("answers before the one that closes: all arrived %d\n", newlines >= s_reads - 2 && newlines > 2);
  talk(drains, false, &newlines);
  printf("MG_EV_READ when it drains at the first: %d\n", s_reads);
  mg_mgr_free(&mgr);
  return 0;
}
