// A client asks and closes; the server answers and leaves the question in its buffer. That is the end, not an error.
#include "loop.h"

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) add(" ACCEPT");
  if (ev == MG_EV_READ) add(" READ %ld", *(long *) ev_data), mg_send(c, "re", 2);
  if (ev == MG_EV_WRITE) add(" WRITE %ld", *(long *) ev_data);
  if (ev == MG_EV_ERROR) add(" ERROR");
  if (ev == MG_EV_CLOSE) add(" CLOSE");
}

int main(void) {
  start();
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  for (int shuts = 0; shuts < 2; shuts++) {
    int fd = dial(l);
    poll_until(strstr(trace, "ACCEPT") != NULL);
    say(fd, "hello");
    if (shuts) shutdown(fd, SHUT_WR);
    else close(fd);
    poll_until(strstr(trace, "CLOSE") != NULL);
    show_trace(shuts ? "shutdown" : "close");
    if (shuts) close(fd);
  }
  mg_mgr_free(&mgr);
  return 0;
}
