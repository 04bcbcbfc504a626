// A client that turns TLS on in the middle of a conversation need not start the handshake itself, and what it had
// queued goes out after it.

#include "../tls_pair.h"

static bool plain_text_seen;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->server, ev, ev_data);
  if (ev != MG_EV_READ) return;
  if (!c->is_tls) {
    plain_text_seen |= c->recv.len != 8;
    c->recv.len = 0;
    mg_tls_init(c, &pair->server.opts);
    mg_io_send(c, "GO", 2);
  } else {
    tls_receive(c, &pair->server);
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev, ev_data);
  if (ev == MG_EV_CONNECT) mg_send(c, "STARTTLS", 8);
  if (ev != MG_EV_READ) return;
  if (!c->is_tls) {
    c->recv.len = 0;
    mg_send(c, "secret", 6);
    mg_tls_init(c, &pair->client.opts);
  } else {
    tls_receive(c, &pair->client);
    c->is_closing = 1;
  }
}

int main(void) {
  static struct tls_pair pair;
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  tls_begin(&pair);
  tls_listen(&pair, "tcp", server);
  mg_connect(&pair.mgr, pair.url, client, &pair);
  for (int i = 0; i < 50 && !pair.client.closed; i++) mg_mgr_poll(&pair.mgr, 1000);
  mg_mgr_free(&pair.mgr);
  fprintf(stderr, "%s, plain text %d\n", pair.client.received, plain_text_seen);
  return strcmp(pair.client.received, "secret") == 0 && !plain_text_seen ? 0 : 1;
}
