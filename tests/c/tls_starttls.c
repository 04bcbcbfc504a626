// TLS begins on a connection that has been used without.

#include "tls_pair.h"

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->server, ev, ev_data);
  if (ev != MG_EV_READ) return;
  if (!c->is_tls) {
    printf("server, in plain text: %.*s\n", (int) c->recv.len, (char *) c->recv.buf);
    c->recv.len = 0;
    mg_send(c, "GO", 2);
    mg_tls_init(c, &pair->server.opts);
    // What was queued goes out after the handshake; this must not.
    mg_io_send(c, "GO", 2);
    c->send.len = 0;
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
  if (ev == MG_EV_TLS_HS) mg_send(c, "secret", 6);
  if (ev != MG_EV_READ) return;
  if (!c->is_tls) {
    printf("client, in plain text: %.*s\n", (int) c->recv.len, (char *) c->recv.buf);
    c->recv.len = 0;
    mg_tls_init(c, &pair->client.opts);
    mg_tls_handshake(c);
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
  pair.client.opts.name = mg_str("localhost");
  tls_begin(&pair);
  tls_listen(&pair, "tcp", server);
  mg_connect(&pair.mgr, pair.url, client, &pair);
  tls_poll_until(&pair.mgr, &pair.client.closed, 300);
  tls_poll_until(&pair.mgr, &pair.server.closed, 300);
  printf("echo: %s\n", pair.client.received);
  printf("client: %s\n", pair.client.trace);
  printf("server: %s\n", pair.server.trace);
  mg_mgr_free(&pair.mgr);
  return 0;
}
