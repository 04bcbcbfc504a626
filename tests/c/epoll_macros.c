// MG_EPOLL_ADD and MG_EPOLL_MOD, with which programs register connections that they made themselves.
#include "loop.h"

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_READ) add("READ(%.*s) ", (int) c->recv.len, (char *) c->recv.buf), c->recv.len = 0;
  if (ev == MG_EV_WRITE) add("WRITE ");
  if (ev == MG_EV_CLOSE) add("CLOSE");
}

static void use(const char *label, struct mg_connection *c, int peer) {
  char buf[10];
  int polls = 0;
  say(peer, "in");
  poll_until(strstr(trace, "READ") != NULL);
  mg_send(c, "out", 3);
  poll_until(strstr(trace, "WRITE") != NULL);
  printf("%s, the peer gets: %ld\n", label, (long) recv(peer, buf, sizeof(buf), MSG_DONTWAIT));
  for (uint64_t end = mg_millis() + 200; mg_millis() < end && polls < 1000; polls++) mg_mgr_poll(&mgr, 50);
  printf("%s, the loop rests: %d\n", label, polls < 100);
  close(peer);
  poll_until(strstr(trace, "CLOSE") != NULL);
  show_trace(label);
}

int main(void) {
  int fds[2];
  start();
  socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  struct mg_connection *c = mg_wrapfd(&mgr, fds[0], fn, NULL);
  turns(1);
  MG_EPOLL_MOD(c, 0);
  use("MOD", c, fds[1]);
  socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  c = mg_wrapfd(&mgr, fds[0], fn, NULL);
  turns(1);
  MG_EPOLL_MOD(c, 1);
  use("MOD for writing", c, fds[1]);
  socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  c = mg_alloc_conn(&mgr);
  c->fd = (void *) (size_t) fds[0];
  c->fn = fn;
  MG_EPOLL_ADD(c);
  LIST_ADD_HEAD(struct mg_connection, &mgr.conns, c);
  use("ADD", c, fds[1]);
  mg_mgr_free(&mgr);
  return 0;
}
