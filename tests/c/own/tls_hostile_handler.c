// Handlers that pull the rug out from under a TLS connection, in every event and on both sides.

#include "../tls_pair.h"

enum action { CLOSING, DRAINING, CLOSE_CONN, TLS_FREE, TLS_INIT, FREE_BUFFERS, FORGET_RTLS, POLL, ERROR, FLUSH, CTX_FREE, ACTIONS };

static enum action action;
static int when;
static bool on_client, done_once;

static void act(struct mg_connection *c, struct tls_pair *pair, int ev) {
  if (ev != when || c->is_client != on_client || done_once) return;
  done_once = true;
  if (action == CLOSING) c->is_closing = 1;
  if (action == DRAINING) c->is_draining = 1;
  if (action == CLOSE_CONN) mg_close_conn(c);
  if (action == TLS_FREE) mg_tls_free(c);
  if (action == TLS_INIT) mg_tls_init(c, c->is_client ? &pair->client.opts : &pair->server.opts);
  if (action == FREE_BUFFERS) mg_iobuf_free(&c->recv), mg_iobuf_free(&c->send), mg_iobuf_free(&c->rtls);
  if (action == FORGET_RTLS) c->rtls.len = 0;
  if (action == POLL) mg_mgr_poll(c->mgr, 1);
  if (action == ERROR) mg_error(c, "enough");
  if (action == FLUSH) mg_tls_flush(c), mg_tls_handshake(c), mg_tls_send(c, "x", 1), mg_tls_recv(c, NULL, 0);
  if (action == CTX_FREE) mg_tls_ctx_free(c->mgr), mg_tls_ctx_init(c->mgr);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_server(c, ev, ev_data);
  if (!c->is_listening) act(c, pair, ev);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev, ev_data);
  if (ev == MG_EV_CONNECT) {
    mg_tls_init(c, &pair->client.opts);
    mg_send(c, "hello", 5);
  }
  if (ev == MG_EV_READ) mg_send(c, "again", 5), c->recv.len = 0;
  act(c, pair, ev);
}

int main(void) {
  int rounds = 0;
  for (int bad = 0; bad < 2; bad++) {
    for (int side = 0; side < 2; side++) {
      for (int ev = MG_EV_ERROR; ev <= MG_EV_CLOSE; ev++) {
        for (action = 0; action < ACTIONS; action++) {
          static struct tls_pair pair;
          memset(&pair, 0, sizeof(pair));
          on_client = side, when = ev, done_once = false;
          pair.server.opts.cert = mg_str(SERVER_CERT);
          pair.server.opts.key = mg_str(SERVER_KEY);
          pair.client.opts.ca = mg_str(bad ? OTHER_CA_CERT : CA_CERT);
          tls_begin(&pair);
          tls_listen(&pair, "tls", server);
          mg_connect(&pair.mgr, pair.url, client, &pair);
          for (int i = 0; i < 12; i++) mg_mgr_poll(&pair.mgr, 1);
          mg_mgr_free(&pair.mgr);
          if (pair.mgr.conns != NULL) return 1;
          rounds++;
        }
      }
    }
  }
  return rounds == 2 * 2 * (MG_EV_CLOSE - MG_EV_ERROR + 1) * ACTIONS ? 0 : 1;
}
