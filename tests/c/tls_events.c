// The life of a TLS exchange: events, flags and buffers on both sides.

#include "tls_pair.h"

static void flags(const char *where, struct mg_connection *c) {
  printf("%s: tls %d handshake %d throttled %d object %d send %zu rtls %zu\n", where, c->is_tls, c->is_tls_hs,
         c->is_tls_throttled, c->tls != NULL, c->send.len, c->rtls.len);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  tls_server(c, ev, ev_data);
  if (c->is_listening) {
    if (ev == MG_EV_OPEN) flags("listener open", c);
    return;
  }
  if (ev == MG_EV_OPEN) flags("server open", c);
  if (ev == MG_EV_ACCEPT) flags("server accept, initialised", c);
  if (ev == MG_EV_READ) printf("server read bytes: %ld\n", *(long *) ev_data);
  if (ev == MG_EV_WRITE) printf("server write bytes: %ld\n", *(long *) ev_data);
  if (ev == MG_EV_CLOSE) flags("server close", c);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  tls_client(c, ev, ev_data);
  if (ev == MG_EV_OPEN) flags("client open", c);
  if (ev == MG_EV_RESOLVE) flags("client resolve", c);
  if (ev == MG_EV_CONNECT) flags("client connect, initialised, data queued", c);
  if (ev == MG_EV_TLS_HS) {
    flags("client handshake", c);
    printf("client handshake data: %d\n", ev_data != NULL);
  }
  if (ev == MG_EV_READ) flags("client read", c);
  if (ev == MG_EV_READ) printf("client read bytes: %ld\n", *(long *) ev_data);
  if (ev == MG_EV_WRITE) printf("client write bytes: %ld\n", *(long *) ev_data);
  if (ev == MG_EV_CLOSE) flags("client close", c);
}

int main(void) {
  static struct tls_pair pair;
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  pair.client.opts.name = mg_str("localhost");
  tls_begin(&pair);
  tls_listen(&pair, "tls", server);
  mg_connect(&pair.mgr, pair.url, client, &pair);
  tls_poll_until(&pair.mgr, &pair.client.closed, 500);
  tls_poll_until(&pair.mgr, &pair.server.closed, 50);
  printf("client: %s\n", pair.client.trace);
  printf("server: %s\n", pair.server.trace);
  printf("server handshake events: %d\n", pair.server.handshakes);
  printf("echo: %s\n", pair.client.received);
  printf("shared TLS context: %d\n", pair.mgr.tls_ctx != NULL);
  mg_mgr_free(&pair.mgr);
  return 0;
}
