// Urgent data on TCP (RFC 6093): reads end in front of it, and what follows does not wait for more.
#include "loop.h"

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) add("%.*s", (int) c->recv.len, (char *) c->recv.buf), c->recv.len = 0;
  if (ev == MG_EV_ERROR) add("ERROR(%s) ", (char *) ev_data);
  if (ev == MG_EV_CLOSE && c->is_accepted) add(" CLOSE");
}

static int accept_one(int listener, int *peer) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  if (bind(listener, (struct sockaddr *) &addr, len) != 0 || listen(listener, 1) != 0 || getsockname(listener, (struct sockaddr *) &addr, &len) != 0) return -1;
  *peer = dial_port(ntohs(addr.sin_port));
  return accept(listener, NULL, NULL);
}

int main(void) {
  start();
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  int fd = dial(listener);
  turns(3);
  say(fd, "abc"), send(fd, "!", 1, MSG_OOB), say(fd, "def");
  poll_until(strstr(trace, "def") != NULL);
  show_trace("around an urgent byte");
  say(fd, "plain");
  poll_until(strstr(trace, "plain") != NULL);
  show_trace("later");
  send(fd, "!", 1, MSG_OOB), say(fd, "more"), send(fd, "!", 1, MSG_OOB), say(fd, "last");
  poll_until(strstr(trace, "last") != NULL);
  show_trace("two of them");
  shutdown(fd, SHUT_WR);
  poll_until(strstr(trace, "CLOSE") != NULL);
  show_trace("end");
  close(fd);

  int accepting = socket(AF_INET, SOCK_STREAM, 0), wrapped = accept_one(accepting, &fd);
  struct mg_connection *c = mg_wrapfd(&mgr, wrapped, fn, NULL);
  turns(3);
  say(fd, "abc"), send(fd, "!", 1, MSG_OOB), say(fd, "def");
  poll_until(strstr(trace, "def") != NULL);
  show_trace("a wrapped socket");
  c->is_closing = 1;
  turns(1);
  close(fd), close(accepting);
  mg_mgr_free(&mgr);
  return 0;
}
