// The TLS functions that protocol code calls, with and without TLS.

#include "tls_pair.h"

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  char buf[64];
  tls_note(c, &pair->client, ev, ev_data);
  if (ev == MG_EV_CONNECT) {
    printf("pending without TLS: %zu\n", mg_tls_pending(c));
    mg_tls_free(c);
    mg_tls_init(c, &pair->client.opts);
    mg_tls_handshake(c);
    mg_tls_handshake(c);
    printf("pending in the handshake: %zu\n", mg_tls_pending(c));
  }
  if (ev == MG_EV_TLS_HS) {
    printf("recv, nothing there: %ld\n", mg_tls_recv(c, buf, sizeof(buf)));
    printf("send: %ld\n", mg_tls_send(c, "hello", 5));
    mg_tls_flush(c);
  }
  if (ev == MG_EV_READ) {
    printf("pending after everything was delivered: %zu\n", mg_tls_pending(c));
    tls_receive(c, &pair->client);
    c->is_closing = 1;
  }
  if (ev == MG_EV_CLOSE) {
    mg_tls_free(c);
    mg_tls_free(c);
    printf("freed: object %d pending %zu\n", c->tls != NULL, mg_tls_pending(c));
  }
}

int main(void) {
  static struct tls_pair pair;
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  tls_begin(&pair);
  mg_tls_ctx_init(&pair.mgr);
  mg_tls_ctx_init(&pair.mgr);
  tls_listen(&pair, "tls", tls_server);
  mg_connect(&pair.mgr, pair.url, client, &pair);
  tls_poll_until(&pair.mgr, &pair.client.closed, 300);
  printf("echo: %s\n", pair.client.received);
  printf("events: %s\n", pair.client.trace);
  mg_tls_ctx_free(&pair.mgr);
  mg_tls_ctx_free(&pair.mgr);
  mg_mgr_free(&pair.mgr);
  return 0;
}
