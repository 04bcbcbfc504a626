// A CLOSE handler that reconnects: while polling it gets its connection, during mg_mgr_free it does not keep the
// manager alive. On the reference that connection leaks.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static char url[64];
static int connects, closes;

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) {
    connects++;
    c->is_closing = 1;
  }
  if (ev == MG_EV_CLOSE) {
    closes++;
    mg_connect(c->mgr, url, client, NULL);
    mg_listen(c->mgr, "tcp://127.0.0.1:0", client, NULL);
  }
  (void) ev_data;
}

static int open_descriptors(void) {
  int n = 0;
  for (int fd = 0; fd < 1024; fd++) n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

int main(void) {
  struct mg_mgr mgr;
  int before = open_descriptors();
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  mg_connect(&mgr, url, client, NULL);
  for (int i = 0; i < 300 && connects < 5; i++) mg_mgr_poll(&mgr, 10);
  CHECK(connects == 5);
  CHECK(closes >= 4);
  mg_mgr_free(&mgr);
  CHECK(mgr.conns == NULL);
  CHECK(open_descriptors() == before);
  return 0;
}
