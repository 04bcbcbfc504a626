// NULL and absurd arguments give the documented failure. The reference crashes on most of them.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

void mg_multicast_add(struct mg_connection *c, char *ip);

int main(void) {
  struct mg_mgr mgr;
  struct mg_addr addr;
  char buf[8];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(NULL);
  mg_mgr_poll(NULL, 0);
  mg_mgr_free(NULL);
  CHECK(mg_alloc_conn(NULL) == NULL);
  CHECK(mg_listen(NULL, "tcp://127.0.0.1:0", NULL, NULL) == NULL);
  CHECK(mg_connect(NULL, "tcp://127.0.0.1:1", NULL, NULL) == NULL);
  CHECK(mg_wrapfd(NULL, 0, NULL, NULL) == NULL);
  CHECK(!mg_wakeup_init(NULL));
  CHECK(!mg_wakeup(NULL, 1, "x", 1));
  mg_call(NULL, MG_EV_USER, NULL);
  mg_close_conn(NULL);
  mg_error(NULL, "%d", 1);
  CHECK(!mg_send(NULL, "x", 1));
  CHECK(mg_printf(NULL, "x") == 0);
  CHECK(mg_io_send(NULL, "x", 1) == MG_IO_ERR);
  CHECK(mg_io_recv(NULL, buf, 1) == MG_IO_ERR);
  CHECK(!mg_dscp(NULL, 1));
  CHECK(!mg_open_listener(NULL, "tcp://127.0.0.1:0"));
  mg_connect_resolved(NULL);
  mg_resolve(NULL, "tcp://127.0.0.1:1");
  mg_resolve_cancel(NULL);
  mg_multicast_restore(NULL, (uint8_t *) &addr);

  mg_mgr_init(&mgr);
  CHECK(mg_listen(&mgr, NULL, NULL, NULL) == NULL);
  CHECK(mg_connect(&mgr, NULL, NULL, NULL) == NULL);
  struct mg_connection *c = mg_alloc_conn(&mgr);
  CHECK(!mg_open_listener(c, NULL));
  CHECK(!mg_send(c, NULL, SIZE_MAX));
  CHECK(!mg_send(c, NULL, SIZE_MAX / 2));
  CHECK(mg_send(c, NULL, 0));
  CHECK(c->send.len == 0);
  mg_multicast_restore(c, NULL);
  c->fd = (void *) (size_t) -1;
  mg_multicast_add(c, (char *) "224.0.0.251");
  CHECK(!mg_dscp(c, 1));
  CHECK(mg_io_send(c, "x", 1) == MG_IO_ERR);
  c->is_udp = 1;
  CHECK(!mg_send(c, "x", 1));
  mg_free(c);
  c = mg_wrapfd(&mgr, -1, NULL, NULL);
  if (c != NULL) mg_send(c, "x", 1);
  c = mg_wrapfd(&mgr, 9999, NULL, NULL);
  if (c != NULL) mg_send(c, "x", 1);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 0);
  mg_free(NULL);
  mg_mgr_free(&mgr);
  mg_mgr_free(&mgr);
  return 0;
}
