// Amounts around the size of a record, and many of them, come back unchanged.

#include "tls_pair.h"

static size_t size, sent, returned, server_written, client_written;
static unsigned char *data;
static bool same;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &pair->server.opts);
  if (ev == MG_EV_READ) {
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
  if (ev == MG_EV_WRITE) server_written += (size_t) *(long *) ev_data;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  if (ev == MG_EV_CONNECT) {
    mg_tls_init(c, &pair->client.opts);
    mg_send(c, data, size);
  }
  if (ev == MG_EV_WRITE) client_written += (size_t) *(long *) ev_data;
  if (ev == MG_EV_READ) {
    if (returned + c->recv.len > size || memcmp(c->recv.buf, data + returned, c->recv.len) != 0) same = false;
    returned += c->recv.len;
    c->recv.len = 0;
    if (returned >= size) c->is_closing = 1;
  }
  if (ev == MG_EV_CLOSE) pair->client.closed = true;
}

int main(void) {
  static const size_t sizes[] = {1, 16383, 16384, 16385, 32768, 100000, 1000000};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    static struct tls_pair pair;
    memset(&pair, 0, sizeof(pair));
    pair.server.opts.cert = mg_str(SERVER_CERT);
    pair.server.opts.key = mg_str(SERVER_KEY);
    size = sizes[i], sent = returned = server_written = client_written = 0, same = true;
    data = (unsigned char *) malloc(size);
    for (size_t j = 0; j < size; j++) data[j] = (unsigned char) (j * 7 + (j >> 8));
    tls_begin(&pair);
    tls_listen(&pair, "tls", server);
    mg_connect(&pair.mgr, pair.url, client, &pair);
    tls_poll_until(&pair.mgr, &pair.client.closed, 2000);
    mg_mgr_free(&pair.mgr);
    printf("%zu bytes: returned %zu, unchanged %d, written %zu and %zu\n", size, returned, same, client_written, server_written);
    free(data);
  }
  return 0;
}
