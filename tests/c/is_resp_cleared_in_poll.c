// Clearing is_resp in POLL gives the connection a READ of zero bytes at once; elsewhere it does not.

#include "mongoose.h"

static char trace[256];
static bool clear;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_POLL && clear) c->is_resp = 0;
  if (ev == MG_EV_POLL) strcat(trace, "POLL ");
  if (ev == MG_EV_READ) snprintf(trace + strlen(trace), 32, "READ(%ld) ", *(long *) ev_data);
}

static void run(struct mg_mgr *mgr, const char *name) {
  trace[0] = '\0';
  mg_mgr_poll(mgr, 0);
  printf("%s: %s\n", name, trace);
}

int main(void) {
  struct mg_mgr mgr;
  int fds[2];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  struct mg_connection *c = mg_wrapfd(&mgr, fds[0], fn, NULL);
  run(&mgr, "flag never set");
  c->is_resp = 1;
  run(&mgr, "flag set and kept");
  clear = true;
  run(&mgr, "flag cleared in POLL");
  run(&mgr, "flag already clear");
  clear = false, c->is_resp = 1;
  run(&mgr, "flag set again");
  c->is_resp = 0;
  run(&mgr, "flag cleared between polls");
  c->is_closing = 1, c->is_resp = 1, clear = true;
  run(&mgr, "flag cleared while closing");
  close(fds[1]);
  mg_mgr_free(&mgr);
  return 0;
}
