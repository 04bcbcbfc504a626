// URLs that ask for TLS on connections that no handler turns it on for: plain text on both sides.

#include "tls_pair.h"

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->server, ev, ev_data);
  if (ev == MG_EV_ACCEPT) printf("server tls in ACCEPT: %d\n", c->is_tls);
  if (ev == MG_EV_READ) {
    printf("server tls in READ: %d\n", c->is_tls);
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev, ev_data);
  if (ev == MG_EV_CONNECT) printf("client tls in CONNECT: %d\n", c->is_tls);
  if (ev == MG_EV_CONNECT) mg_send(c, "hello", 5);
  if (ev == MG_EV_READ) {
    printf("client tls in READ: %d\n", c->is_tls);
    tls_receive(c, &pair->client);
    c->is_closing = 1;
  }
}

int main(void) {
  static struct tls_pair pair;
  tls_begin(&pair);
  tls_listen(&pair, "wss", server);
  mg_connect(&pair.mgr, pair.url, client, &pair);
  tls_poll_until(&pair.mgr, &pair.client.closed, 300);
  tls_poll_until(&pair.mgr, &pair.server.closed, 300);
  printf("echo: %s\n", pair.client.received);
  printf("client: %s\n", pair.client.trace);
  printf("server: %s\n", pair.server.trace);
  mg_mgr_free(&pair.mgr);
  return 0;
}
