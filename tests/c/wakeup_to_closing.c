// Messages of mg_wakeup() behind one that made its handler close the connection.
#include "loop.h"

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_str *data = (struct mg_str *) ev_data;
  if (ev == MG_EV_WAKEUP) add("WAKEUP(%.*s) ", (int) data->len, data->buf), c->is_closing = 1;
  if (ev == MG_EV_CLOSE) add("CLOSE");
}

int main(void) {
  start();
  mg_wakeup_init(&mgr);
  struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  mg_wakeup(&mgr, c->id, "one", 3), mg_wakeup(&mgr, c->id, "two", 3), mg_wakeup(&mgr, c->id, "three", 5);
  poll_until(strstr(trace, "CLOSE") != NULL);
  show_trace("three messages");
  mg_mgr_free(&mgr);
  return 0;
}
