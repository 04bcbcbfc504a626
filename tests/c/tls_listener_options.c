// mg_tls_init on a listener: what its accepted connections do, and bad keys.

#include "tls_pair.h"

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  if (c->is_listening && ev == MG_EV_ERROR) printf("error on the listener: %s\n", pair->server.error);
  tls_note(c, &pair->server, ev, ev_data);
  if (ev == MG_EV_ACCEPT) printf("accepted: tls %d handshake %d object %d\n", c->is_tls, c->is_tls_hs, c->tls != NULL);
  if (ev == MG_EV_READ) {
    printf("after accept: tls %d\n", c->is_tls);
    tls_receive(c, &pair->server);
    c->is_draining = 1;
  }
}

static void plain_client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  if (ev == MG_EV_CONNECT) mg_send(c, "hello", 5);
  tls_note(c, &pair->client, ev, ev_data);
}

static void state(const char *when, struct mg_connection *c) {
  printf("%s: tls %d handshake %d object %d closing %d listening %d\n", when, c->is_tls, c->is_tls_hs, c->tls != NULL,
         c->is_closing, c->is_listening);
}

int main(void) {
  static struct tls_pair pair;
  struct mg_tls_opts opts = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)}, none, skip = {.skip_verification = true};
  memset(&none, 0, sizeof(none));
  tls_begin(&pair);
  struct mg_connection *c = tls_listen(&pair, "https", server);
  state("https listener", c);
  mg_tls_init(c, &opts);
  state("initialised", c);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&pair.mgr, 1);
  state("polled", c);

  pair.url[4] = ':';
  snprintf(pair.url, sizeof(pair.url), "tcp://127.0.0.1:%u", mg_ntohs(c->loc.port));
  mg_connect(&pair.mgr, pair.url, plain_client, &pair);
  tls_poll_until(&pair.mgr, &pair.client.closed, 300);
  printf("plain text received: %s\n", pair.server.received);

  mg_tls_free(c);
  printf("freed: object %d\n", c->tls != NULL);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&pair.mgr, 1);
  mg_tls_init(c, &none);
  mg_tls_init(c, &skip);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&pair.mgr, 1);
  state("initialised again without settings", c);
  mg_mgr_free(&pair.mgr);

  memset(&pair, 0, sizeof(pair));
  tls_begin(&pair);
  c = tls_listen(&pair, "https", server);
  opts.cert = mg_str("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
  opts.key = mg_str("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n");
  mg_tls_init(c, &opts);
  printf("bad key: tls %d handshake %d closing %d\n", c->is_tls, c->is_tls_hs, c->is_closing);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&pair.mgr, 1);
  printf("bad key, connections left: %d\n", pair.mgr.conns != NULL);
  mg_mgr_free(&pair.mgr);
  return 0;
}
