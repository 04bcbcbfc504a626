// A hundred megabytes each way, queued in pieces as the other side takes them.

#include "../tls_pair.h"

#define TOTAL (100u << 20)

static size_t to_server, to_client, queued[2];
static bool wrong;

static unsigned char at(size_t i) {
  return (unsigned char) (i * 31 + (i >> 11));
}

static void feed(struct mg_connection *c) {
  static unsigned char piece[1 << 18];
  size_t *n = &queued[c->is_client];
  while (c->send.len < sizeof(piece) && *n < TOTAL) {
    for (size_t i = 0; i < sizeof(piece); i++) piece[i] = at(*n + i);
    mg_send(c, piece, sizeof(piece));
    *n += sizeof(piece);
  }
}

static void take(struct mg_connection *c, size_t *total) {
  for (size_t i = 0; i < c->recv.len; i++) wrong |= c->recv.buf[i] != at(*total + i);
  *total += c->recv.len;
  c->recv.len = 0;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  struct tls_side *side = c->is_client ? &pair->client : &pair->server;
  tls_note(c, side, ev, NULL);
  if (ev == MG_EV_CONNECT || ev == MG_EV_ACCEPT) mg_tls_init(c, &side->opts);
  if (ev == MG_EV_TLS_HS || ev == MG_EV_WRITE) feed(c);
  if (ev == MG_EV_READ) take(c, c->is_client ? &to_client : &to_server);
  if (ev == MG_EV_ERROR) fprintf(stderr, "%s\n", (char *) ev_data);
  if (c->is_client && to_client == TOTAL && to_server == TOTAL) c->is_closing = 1;
}

int main(void) {
  static struct tls_pair pair;
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  tls_begin(&pair);
  tls_listen(&pair, "tls", handler);
  mg_connect(&pair.mgr, pair.url, handler, &pair);
  tls_poll_until(&pair.mgr, &pair.client.closed, 100000);
  mg_mgr_free(&pair.mgr);
  fprintf(stderr, "to the server %zu, to the client %zu, %s\n", to_server, to_client, wrong ? "changed" : "unchanged");
  return to_server == TOTAL && to_client == TOTAL && !wrong ? 0 : 1;
}
