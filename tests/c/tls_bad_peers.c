// Peers that do not speak TLS, and peers that leave in the middle of the handshake.

#include "tls_pair.h"

static const char *to_send;
static size_t to_send_len;
static bool leave;

static void peer(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev, ev_data);
  if (ev == MG_EV_CONNECT) mg_send(c, to_send, to_send_len);
  if (ev == MG_EV_WRITE && leave) c->is_closing = 1;
  if (ev == MG_EV_CONNECT && leave && to_send_len == 0) c->is_closing = 1;
}

static void garbage_server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->server, ev, ev_data);
  if (ev == MG_EV_ACCEPT) mg_send(c, to_send, to_send_len);
  if (ev == MG_EV_ACCEPT && leave) c->is_draining = 1;
}

static void to_server(const char *what, const char *text, size_t len, bool gone) {
  static struct tls_pair pair;
  memset(&pair, 0, sizeof(pair));
  to_send = text, to_send_len = len, leave = gone;
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  tls_begin(&pair);
  tls_listen(&pair, "tls", tls_server);
  mg_connect(&pair.mgr, pair.url, peer, &pair);
  tls_poll_until(&pair.mgr, &pair.server.closed, 100);
  printf("%s: %s\n", what, pair.server.trace);
  printf("%s, error: %.*s\n", what, (int) strcspn(pair.server.error, ":"), pair.server.error);
  mg_mgr_free(&pair.mgr);
}

static void to_client(const char *what, const char *text, size_t len, bool gone) {
  static struct tls_pair pair;
  memset(&pair, 0, sizeof(pair));
  to_send = text, to_send_len = len, leave = gone;
  pair.client.opts.ca = mg_str(CA_CERT);
  tls_begin(&pair);
  tls_listen(&pair, "tcp", garbage_server);
  mg_connect(&pair.mgr, pair.url, tls_client, &pair);
  tls_poll_until(&pair.mgr, &pair.client.closed, 100);
  printf("%s: %s\n", what, pair.client.trace);
  printf("%s, error: %.*s\n", what, (int) strcspn(pair.client.error, ":"), pair.client.error);
  mg_mgr_free(&pair.mgr);
}

int main(void) {
  static char long_text[20000];
  memset(long_text, 'x', sizeof(long_text) - 1);
  to_server("text to a server", "GET / HTTP/1.1\r\n\r\n", 18, false);
  to_server("long text to a server", long_text, sizeof(long_text), false);
  to_server("client leaves at once", "", 0, true);
  to_server("client leaves in its greeting", "\x16\x03\x01\x02", 4, true);
  to_client("long text to a client", long_text, sizeof(long_text), false);
  to_client("alert to a client", "\x15\x03\x03\x00\x02\x02\x28", 7, false);
  to_client("server leaves at once", "", 0, true);
  return 0;
}
