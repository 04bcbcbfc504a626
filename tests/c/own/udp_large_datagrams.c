// Datagrams of the largest size UDP allows arrive whole, many in a row. The reference cuts them at 16384 bytes.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define LARGEST 65507

static long last;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    last = *(long *) ev_data;
    for (size_t i = 0; i < c->recv.len; i++) CHECK(c->recv.buf[i] == (unsigned char) (i * 3));
    c->recv.len = 0;
  }
}

int main(void) {
  static unsigned char data[LARGEST];
  static const size_t sizes[] = {1, 16383, 16384, 16385, 20000, 40000, LARGEST, 5, LARGEST};
  struct mg_mgr mgr;
  char url[64];
  for (size_t i = 0; i < sizeof(data); i++) data[i] = (unsigned char) (i * 3);
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "udp://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  struct mg_connection *c = mg_connect(&mgr, url, NULL, NULL);
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    last = 0;
    CHECK(mg_send(c, data, sizes[i]));
    for (int k = 0; k < 300 && last == 0; k++) mg_mgr_poll(&mgr, 10);
    CHECK(last == (long) sizes[i]);
  }
  mg_mgr_free(&mgr);
  return 0;
}
