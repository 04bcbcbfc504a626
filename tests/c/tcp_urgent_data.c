// Urgent data on TCP (RFC 6093): reads end in front of it, and what follows does not wait for more.
#include "loop.h"

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) add("%.*s", (int) c->recv.len, (char *) c->recv.buf), c->recv.len = 0;
  if (ev == MG_EV_ERROR) add("ERROR(%s) ", (char *) ev_data);
  if (ev == MG_EV_CLOSE && c->is_accepted) add(" CLOSE");
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
  mg_mgr_free(&mgr);
  return 0;
}
