// What is queued right after mg_connect is kept and sent once the connection stands.

#include "mongoose.h"

static char trace[128], got[128];

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    strncat(got, (char *) c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
  (void) ev_data;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  if (ev == MG_EV_POLL) return;
  strcat(strcat(trace, trace[0] ? " " : ""), names[ev]);
  if (ev == MG_EV_OPEN) mg_send(c, "open,", 5);
  if (ev == MG_EV_RESOLVE) mg_send(c, "resolve,", 8);
  if (ev == MG_EV_CONNECT) printf("queued in CONNECT: %.*s\n", (int) c->send.len, (char *) c->send.buf);
  if (ev == MG_EV_WRITE) snprintf(trace + strlen(trace), 32, "(%ld)", *(long *) ev_data);
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  struct mg_connection *c = mg_connect(&mgr, url, client, NULL);
  printf("mg_send returns: %d\n", mg_send(c, "after,", 6));
  printf("mg_printf returns: %zu\n", mg_printf(c, "%d", 42));
  for (int i = 0; i < 300 && strlen(got) < 21; i++) mg_mgr_poll(&mgr, 10);
  printf("trace: %s\n", trace);
  printf("server got: %s\n", got);
  mg_mgr_free(&mgr);
  return 0;
}
