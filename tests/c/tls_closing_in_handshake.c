// is_draining and is_closing before and at the end of the handshake.

#include "tls_pair.h"

static enum { DRAIN_EMPTY, DRAIN_WITH_DATA, CLOSE_AT_ONCE, CLOSE_IN_HANDSHAKE_EVENT, DRAIN_IN_HANDSHAKE_EVENT, SERVER_DRAINS } what;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->server, ev, ev_data);
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &pair->server.opts);
  if (ev == MG_EV_ACCEPT && what == SERVER_DRAINS) {
    mg_send(c, "bye", 3);
    c->is_draining = 1;
  }
  if (ev == MG_EV_READ) {
    tls_receive(c, &pair->server);
    c->recv.len = 0;
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev, ev_data);
  if (ev == MG_EV_CONNECT) {
    mg_tls_init(c, &pair->client.opts);
    if (what == DRAIN_WITH_DATA || what == CLOSE_AT_ONCE) mg_send(c, "hello", 5);
    if (what == DRAIN_WITH_DATA || what == DRAIN_EMPTY) c->is_draining = 1;
    if (what == CLOSE_AT_ONCE) c->is_closing = 1;
  }
  if (ev == MG_EV_TLS_HS && what == CLOSE_IN_HANDSHAKE_EVENT) {
    mg_send(c, "hello", 5);
    c->is_closing = 1;
  }
  if (ev == MG_EV_TLS_HS && what == DRAIN_IN_HANDSHAKE_EVENT) {
    mg_send(c, "hello", 5);
    c->is_draining = 1;
  }
  if (ev == MG_EV_READ) tls_receive(c, &pair->client);
}

int main(void) {
  static const char *names[] = {"draining, nothing queued", "draining, data queued", "closing at once",
                                "closing in the handshake event", "draining in the handshake event", "server drains"};
  for (what = DRAIN_EMPTY; what <= SERVER_DRAINS; what++) {
    static struct tls_pair pair;
    memset(&pair, 0, sizeof(pair));
    pair.server.opts.cert = mg_str(SERVER_CERT);
    pair.server.opts.key = mg_str(SERVER_KEY);
    pair.client.opts.ca = mg_str(CA_CERT);
    tls_begin(&pair);
    tls_listen(&pair, "tls", server);
    mg_connect(&pair.mgr, pair.url, client, &pair);
    tls_poll_until(&pair.mgr, &pair.client.closed, 300);
    tls_poll_until(&pair.mgr, &pair.server.closed, 300);
    printf("%s, client: %s\n", names[what], pair.client.trace);
    // Whether the server sees a reset depends on what its answer crosses.
    if (what != DRAIN_EMPTY) printf("%s, server: %s\n", names[what], pair.server.trace);
    printf("%s, received by the server: %s\n", names[what], pair.server.received);
    printf("%s, received by the client: %s\n", names[what], pair.client.received);
    mg_mgr_free(&pair.mgr);
  }
  return 0;
}
