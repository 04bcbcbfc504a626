// Descriptors that a program brings along or takes away: a listening socket that may block, and a connection's socket that
// lives on elsewhere.

#include "mongoose.h"
#include <signal.h>
#include <unistd.h>

static struct mg_mgr mgr;
static int s_accepts, s_echoed, s_errors;
static struct mg_connection *s_accepted;

static void echo(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) s_accepts++, s_accepted = c;
  if (ev == MG_EV_READ) s_echoed += (int) c->recv.len, mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
  if (ev == MG_EV_ERROR) s_errors++;
  (void) ev_data;
}

static int dial(unsigned short port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &to, sizeof(to));
  return fd;
}

static void turn(int n) {
  for (int i = 0; i < n; i++) mg_mgr_poll(&mgr, 5);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  alarm(20);
  mg_mgr_init(&mgr);

  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int l = socket(AF_INET, SOCK_STREAM, 0);
  bind(l, (struct sockaddr *) &addr, len), listen(l, 5), getsockname(l, (struct sockaddr *) &addr, &len);
  struct mg_connection *c = mg_wrapfd(&mgr, l, echo, NULL);
  c->is_listening = 1;
  int fd = dial(addr.sin_port);
  send(fd, "abc", 3, MSG_NOSIGNAL);
  for (int i = 0; i < 100 && s_echoed < 3; i++) turn(1);
  printf("wrapped listener that may block: accepted %d, echoed %d\n", s_accepts, s_echoed);
  close(fd);
  turn(3);
  mg_mgr_free(&mgr);

  mg_mgr_init(&mgr);
  c = mg_listen(&mgr, "tcp://127.0.0.1:0", echo, NULL);
  s_accepts = s_errors = s_echoed = 0;
  fd = dial(c->loc.port);
  for (int i = 0; i < 100 && s_accepts < 1; i++) turn(1);
  int stolen = (int) (size_t) s_accepted->fd;
  s_accepted->fd = (void *) (long) -1;
  s_accepted->is_closing = 1;
  turn(3);
  int other = dial(c->loc.port);
  for (int i = 0; i < 100 && s_accepts < 2; i++) turn(1);
  struct linger hard = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  close(fd);  // resets the one that was taken away
  turn(5);
  send(other, "xyz", 3, MSG_NOSIGNAL);
  for (int i = 0; i < 100 && s_echoed < 3; i++) turn(1);
  printf("a socket taken away is reset: errors of others %d, echoed %d\n", s_errors, s_echoed);
  close(other), close(stolen);
  mg_mgr_free(&mgr);
  return 0;
}
