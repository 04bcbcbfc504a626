// Empty datagrams from anyone leave the socket open. On the reference one of them closes a listener.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static int reads, echoes, closes;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    CHECK(*(long *) ev_data > 0);
    reads++;
    mg_send(c, "", 0);
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
  if (ev == MG_EV_CLOSE) closes++;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    CHECK(c->recv.len == 4 && memcmp(c->recv.buf, "echo", 4) == 0);
    echoes++;
    c->recv.len = 0;
  }
  if (ev == MG_EV_CLOSE) closes++;
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "udp://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  struct mg_connection *c = mg_connect(&mgr, url, client, NULL);
  for (int i = 0; i < 50; i++) {
    CHECK(!mg_send(c, "", 0));
    CHECK(!c->is_closing);
    mg_mgr_poll(&mgr, 0);
  }
  for (int i = 0; i < 10; i++) {
    CHECK(mg_send(c, "echo", 4));
    for (int k = 0; k < 300 && echoes <= i; k++) mg_mgr_poll(&mgr, 10);
    CHECK(echoes == i + 1);
  }
  CHECK(reads == 10);
  CHECK(closes == 0);
  mg_mgr_free(&mgr);
  return 0;
}
