// connect() that fails immediately: ERROR arrives inside mg_connect, which still returns the connection.

#include "mongoose.h"

static char trace[256];

static void client(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  strcat(strcat(trace, trace[0] ? " " : ""), names[ev]);
  if (ev == MG_EV_ERROR) printf("error text: %s\n", (char *) ev_data);
  (void) c;
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_connect(&mgr, "tcp://255.255.255.255:80", client, NULL);
  printf("returned a connection: %d\n", c != NULL);
  printf("closing: %d\n", c->is_closing);
  printf("trace inside mg_connect: %s\n", trace);
  mg_mgr_poll(&mgr, 10);
  printf("trace: %s\n", trace);
  printf("gone after one iteration: %d\n", mgr.conns == NULL);
  mg_mgr_free(&mgr);
  return 0;
}
