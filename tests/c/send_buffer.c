// Queued bytes stand contiguous and patchable in c->send until the handler returns.

#include "mongoose.h"
#include <poll.h>

static char got[256];
static bool readable_inside, peer_closed;
static int peer;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    struct pollfd p = {.fd = peer, .events = POLLIN};
    c->recv.len = 0;
    mg_send(c, "HTTP/1.1 200 OK", 15);
    readable_inside = poll(&p, 1, 50) > 0;
    printf("queued: %.*s\n", (int) c->send.len, (char *) c->send.buf);
    memcpy(&c->send.buf[9], "404 NO", 6);
    mg_iobuf_add(&c->send, c->send.len, "!!", 2);
    mg_iobuf_add(&c->send, 0, ">", 1);
    mg_send(c, "cut", 3);
    c->send.len -= 3;
    c->is_draining = 1;
  }
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  static char sixteen[16384];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_alloc_conn(&mgr);
  size_t n = mg_printf(c, "hello %d", 5);
  printf("mg_printf: %zu\n", n);
  printf("len and size: %zu %zu\n", c->send.len, c->send.size);
  printf("terminated: %d\n", c->send.buf[c->send.len] == 0);
  bool ok = mg_send(c, "", 0);
  printf("empty mg_send: %d, len %zu\n", ok, c->send.len);
  ok = mg_send(c, NULL, 100);
  printf("mg_send without data: %d, len %zu\n", ok, c->send.len);
  mg_iobuf_free(&c->send);
  ok = mg_send(c, sixteen, 16384);
  printf("exactly 16384 by mg_send: %d, size %zu\n", ok, c->send.size);
  mg_iobuf_free(&c->send);
  n = mg_printf(c, "%16384s", "x");
  printf("exactly 16384 by mg_printf: %zu, size %zu\n", n, c->send.size);
  mg_iobuf_free(&c->send);
  mg_free(c);

  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  peer = socket(AF_INET, SOCK_STREAM, 0);
  connect(peer, (struct sockaddr *) &addr, sizeof(addr));
  send(peer, "x", 1, 0);
  size_t total = 0;
  for (int i = 0; i < 300 && !peer_closed; i++) {
    mg_mgr_poll(&mgr, 10);
    long k = recv(peer, got + total, sizeof(got) - 1 - total, MSG_DONTWAIT);
    if (k > 0) total += (size_t) k;
    peer_closed = k == 0;
  }
  printf("sent before the handler returned: %d\n", readable_inside);
  printf("peer got: %s\n", got);
  close(peer);
  mg_mgr_free(&mgr);
  return 0;
}
