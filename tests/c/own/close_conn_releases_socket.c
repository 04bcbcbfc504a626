// mg_close_conn closes the descriptor: the peer sees the end at once. The reference leaves it open and registered.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static bool in_handler;
static int closes;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ && in_handler) mg_close_conn(c);
  if (ev == MG_EV_CLOSE && c->is_accepted) closes++;
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  for (int i = 0; i < 50; i++) {
    char buf[8];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
    for (int k = 0; k < 300 && mgr.conns == l; k++) mg_mgr_poll(&mgr, 10);
    CHECK(mgr.conns != l);
    in_handler = i % 2 == 0;
    if (in_handler) {
      send(fd, "x", 1, 0);
      for (int k = 0; k < 300 && mgr.conns != l; k++) mg_mgr_poll(&mgr, 10);
    } else {
      mg_close_conn(mgr.conns);
    }
    CHECK(mgr.conns == l);
    CHECK(closes == i + 1);
    CHECK(recv(fd, buf, sizeof(buf), 0) == 0);
    close(fd);
  }
  mg_mgr_free(&mgr);
  return 0;
}
