// `is_writable` in the events of a connection that connects, and of one that has sent something.
#include "loop.h"

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  const char *side = c->is_client ? "client" : "server";
  (void) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_CONNECT) add("%s CONNECT %d, ", side, c->is_writable), mg_send(c, "hi", 2);
  if (ev == MG_EV_READ && !c->is_client) mg_send(c, "you", 3);
  if (ev == MG_EV_WRITE) add("%s WRITE %d, ", side, c->is_writable);
  if (ev == MG_EV_READ && c->is_client) add("read"), c->is_closing = 1;
}

int main(void) {
  start();
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  mg_connect(&mgr, url_of("tcp", listener, ""), fn, NULL);
  poll_until(strstr(trace, "read") != NULL);
  show_trace("flags");
  mg_mgr_free(&mgr);
  return 0;
}
