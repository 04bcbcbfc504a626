// Two managers share a port: new connections are dealt out to both. Without the option the second one cannot listen.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

enum { PEERS = 128 };

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) ++*(int *) c->fn_data;
  (void) ev_data;
}

int main(void) {
  struct mg_mgr first, second;
  int accepted[2] = {0, 0}, peers[PEERS];
  char url[64];
  mg_log_set(MG_LL_NONE);
  CHECK(!mg_mgr_reuse_port(NULL, true));
  mg_mgr_init(&first);
  mg_mgr_init(&second);
  CHECK(mg_mgr_reuse_port(&first, true));
  struct mg_connection *l = mg_listen(&first, "tcp://127.0.0.1:0", server, &accepted[0]);
  CHECK(l != NULL);
  mg_snprintf(url, sizeof(url), "http://127.0.0.1:%u", mg_ntohs(l->loc.port));
  CHECK(mg_http_listen(&second, url, server, &accepted[1]) == NULL);
  CHECK(mg_mgr_reuse_port(&second, true));
  CHECK(mg_http_listen(&second, url, server, &accepted[1]) != NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  for (int i = 0; i < PEERS; i++) {
    peers[i] = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(peers[i], (struct sockaddr *) &addr, sizeof(addr)) == 0);
  }
  for (int i = 0; i < 1000 && accepted[0] + accepted[1] < PEERS; i++) {
    mg_mgr_poll(&first, 1);
    mg_mgr_poll(&second, 1);
  }
  // That all go to one manager has a probability of 2^-127.
  CHECK(accepted[0] + accepted[1] == PEERS && accepted[0] > 0 && accepted[1] > 0);
  for (int i = 0; i < PEERS; i++) close(peers[i]);
  mg_mgr_free(&first);
  mg_mgr_free(&second);
  return 0;
}
