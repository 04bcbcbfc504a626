// A draining connection closes after everything arrived, also when the peer reads slowly. Meanwhile the ciphertext
// that waits for the socket is announced by is_tls_throttled.

#include "../tls_pair.h"

#define TOTAL 20000000u

static size_t received;
static bool throttled, full_respected = true;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->server, ev, ev_data);
  if (ev == MG_EV_ACCEPT) {
    mg_tls_init(c, &pair->server.opts);
    unsigned char *data = (unsigned char *) malloc(TOTAL);
    for (size_t i = 0; i < TOTAL; i++) data[i] = (unsigned char) (i * 13 + (i >> 9));
    mg_send(c, data, TOTAL);
    free(data);
    c->is_draining = 1;
  }
  if (ev == MG_EV_POLL && !c->is_listening && c->is_tls_throttled) throttled = true;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev, ev_data);
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &pair->client.opts);
  // A pause after every piece; nothing may be delivered meanwhile.
  if (ev == MG_EV_READ) {
    if (c->is_full) full_respected = false;
    for (size_t i = 0; i < c->recv.len; i++) {
      if (c->recv.buf[i] != (unsigned char) ((received + i) * 13 + ((received + i) >> 9))) c->is_closing = 1;
    }
    received += c->recv.len;
    c->recv.len = 0;
    c->is_full = 1;
    c->data[0] = 3;
  }
  if (ev == MG_EV_POLL && c->is_full && --c->data[0] == 0) c->is_full = 0;
}

int main(void) {
  static struct tls_pair pair;
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  tls_begin(&pair);
  tls_listen(&pair, "tls", server);
  mg_connect(&pair.mgr, pair.url, client, &pair);
  for (int i = 0; i < 100000 && !pair.client.closed; i++) mg_mgr_poll(&pair.mgr, 1);
  mg_mgr_free(&pair.mgr);
  fprintf(stderr, "%zu bytes, throttled %d, is_full respected %d, error %s\n", received, throttled, full_respected, pair.client.error);
  return received == TOTAL && throttled && full_respected && pair.client.error[0] == '\0' ? 0 : 1;
}
