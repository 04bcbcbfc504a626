// A thousand connections shake hands at the same time, in one program. Connections with the same settings share
// their configuration, so the memory of another thousand is that of the connections.

#include <sys/resource.h>

#include "../tls_pair.h"

#define CLIENTS 1000

static int handshakes, echoes, errors, closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &pair->server.opts);
  if (ev == MG_EV_READ) mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
  if (ev == MG_EV_ERROR) errors++, fprintf(stderr, "server: %s\n", (char *) ev_data);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &pair->client.opts);
  if (ev == MG_EV_TLS_HS) {
    // Nobody goes on before all are there.
    if (++handshakes < CLIENTS) return;
    for (struct mg_connection *p = c->mgr->conns; p != NULL; p = p->next) {
      if (p->is_client) mg_send(p, "hello", 5);
    }
  }
  if (ev == MG_EV_READ && c->recv.len == 5) echoes++, c->is_draining = 1;
  if (ev == MG_EV_ERROR) errors++, fprintf(stderr, "client: %s\n", (char *) ev_data);
  if (ev == MG_EV_CLOSE) closed++;
}

int main(void) {
  static struct tls_pair pair;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2 * CLIENTS + 100) {
    limit.rlim_cur = 2 * CLIENTS + 100;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  }
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  pair.client.opts.name = mg_str("localhost");
  tls_begin(&pair);
  tls_listen(&pair, "tls", server);
  for (int i = 0; i < CLIENTS; i++) {
    mg_connect(&pair.mgr, pair.url, client, &pair);
    mg_mgr_poll(&pair.mgr, 0);
  }
  for (int i = 0; i < 10000 && closed < CLIENTS; i++) mg_mgr_poll(&pair.mgr, 10);
  mg_mgr_free(&pair.mgr);
  fprintf(stderr, "%d handshakes, %d echoes, %d errors\n", handshakes, echoes, errors);
  return handshakes == CLIENTS && echoes == CLIENTS && errors == 0 ? 0 : 1;
}
