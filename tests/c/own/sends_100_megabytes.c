// One handler queues 100 MB at once; every byte arrives. The reference moves the rest of the buffer
// after each partial write and needs minutes.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define SIZE ((size_t) 100 * 1024 * 1024)

static size_t received, written;

static unsigned char pattern(size_t i) {
  return (unsigned char) (i ^ (i >> 12));
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) {
    CHECK(mg_send(c, NULL, SIZE));
    for (size_t i = 0; i < SIZE; i++) c->send.buf[i] = pattern(i);
  }
  if (ev == MG_EV_WRITE) {
    written += (size_t) *(long *) ev_data;
    CHECK(written + c->send.len == SIZE);
    if (c->send.len > 0) CHECK(c->send.buf[0] == pattern(written));
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    for (size_t i = 0; i < c->recv.len; i += 97) CHECK(c->recv.buf[i] == pattern(received + i));
    received += c->recv.len;
    c->recv.len = 0;
  }
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  mg_connect(&mgr, url, client, NULL);
  for (int i = 0; i < 100000 && received < SIZE; i++) mg_mgr_poll(&mgr, 10);
  CHECK(received == SIZE);
  CHECK(written == SIZE);
  mg_mgr_free(&mgr);
  return 0;
}
