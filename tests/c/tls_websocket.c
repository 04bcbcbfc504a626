// wss: upgrade, messages of three sizes, close.

#include "tls_pair.h"

static const size_t sizes[] = {5, 20000, 100000};
static size_t at;
static char *data;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &pair->server.opts);
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_BINARY);
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev == MG_EV_READ || ev == MG_EV_WRITE ? MG_EV_POLL : ev, ev_data);
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &pair->client.opts);
  if (ev == MG_EV_WS_OPEN) mg_ws_send(c, data, sizes[0], WEBSOCKET_OP_BINARY);
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    printf("message %zu: %zu bytes, unchanged %d\n", at, wm->data.len, memcmp(wm->data.buf, data, wm->data.len) == 0);
    if (++at < sizeof(sizes) / sizeof(sizes[0])) {
      mg_ws_send(c, data, sizes[at], WEBSOCKET_OP_BINARY);
    } else {
      c->is_draining = 1;
    }
  }
}

int main(void) {
  static struct tls_pair pair;
  data = (char *) malloc(100000);
  for (int i = 0; i < 100000; i++) data[i] = (char) (i * 3 + i / 999);
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  pair.client.opts.name = mg_str("localhost");
  tls_begin(&pair);
  struct mg_connection *listener = mg_http_listen(&pair.mgr, "https://127.0.0.1:0", server, &pair);
  snprintf(pair.url, sizeof(pair.url), "wss://127.0.0.1:%u/", mg_ntohs(listener->loc.port));
  mg_ws_connect(&pair.mgr, pair.url, client, &pair, NULL);
  tls_poll_until(&pair.mgr, &pair.client.closed, 1000);
  printf("events: %s\n", pair.client.trace);
  mg_mgr_free(&pair.mgr);
  free(data);
  return 0;
}
