// mg_tls_init right after mg_connect, in OPEN and in RESOLVE: the handshake waits for the connection, and data for
// the handshake.

#include "tls_pair.h"

static int init_in;

static void init(struct mg_connection *c, struct tls_pair *pair, const char *where) {
  mg_tls_init(c, &pair->client.opts);
  mg_send(c, "hello", 5);
  printf("%s: tls %d handshake %d send %zu\n", where, c->is_tls, c->is_tls_hs, c->send.len);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev, ev_data);
  if (ev == init_in && ev == MG_EV_OPEN) init(c, pair, "in OPEN");
  if (ev == init_in && ev == MG_EV_RESOLVE) init(c, pair, "in RESOLVE");
  if (ev == MG_EV_READ) {
    tls_receive(c, &pair->client);
    c->is_closing = 1;
  }
}

static void try_out(const char *what, const char *scheme, int ev) {
  static struct tls_pair pair;
  memset(&pair, 0, sizeof(pair));
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  pair.client.opts.name = mg_str("localhost");
  init_in = ev;
  tls_begin(&pair);
  tls_listen(&pair, scheme, tls_server);
  struct mg_connection *c = mg_connect(&pair.mgr, pair.url, client, &pair);
  if (ev == MG_EV_POLL) init(c, &pair, what);
  tls_poll_until(&pair.mgr, &pair.client.closed, 300);
  printf("%s, echo: %s\n", what, pair.client.received);
  printf("%s, events: %s\n", what, pair.client.trace);
  mg_mgr_free(&pair.mgr);
}

int main(void) {
  try_out("after mg_connect", "https", MG_EV_POLL);
  try_out("after mg_connect, tcp URL", "tcp", MG_EV_POLL);
  try_out("OPEN", "mqtts", MG_EV_OPEN);
  try_out("RESOLVE", "tcps", MG_EV_RESOLVE);
  return 0;
}
