// Who has which limits, and what is refused.

#include "../limits.h"

static struct mg_limits s_at_open;
static bool s_change;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_OPEN && !c->is_listening) {
    s_at_open.size = sizeof(s_at_open);
    CHECK(mg_conn_get_limits(c, &s_at_open));
  }
  if (ev == MG_EV_ACCEPT && s_change) {
    struct mg_limits l = {.size = sizeof(l), .body_size = 77};
    CHECK(mg_conn_set_limits(c, &l));
  }
  if (ev == MG_EV_CLOSE) {
    struct mg_limits l = {.size = sizeof(l)};
    CHECK(!mg_conn_set_limits(c, &l));
  }
}

static void visit(struct mg_mgr *mgr, struct mg_connection *listener) {
  forget();
  int fd = dial(listener);
  WAIT_FOR(mgr, s_seen.accepted == 1);
  close(fd);
  WAIT_FOR(mgr, s_seen.closed == 1);
}

int main(void) {
  struct mg_mgr mgr;
  struct mg_limits l, got, none;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  memset(&got, 1, sizeof(got));
  got.size = sizeof(got);
  CHECK(mg_mgr_get_limits(&mgr, &got));
  memset(&none, 0, sizeof(none));
  none.size = sizeof(none), none.recv_size = 3 * 1024 * 1024;
  CHECK(memcmp(&got, &none, sizeof(got)) == 0);

  // A listener follows its manager until it has limits of its own.
  struct mg_connection *a = mg_listen(&mgr, "tcp://127.0.0.1:0", handler, NULL);
  struct mg_connection *b = mg_listen(&mgr, "tcp://127.0.0.1:0", handler, NULL);
  visit(&mgr, a);
  CHECK(memcmp(&s_at_open, &none, sizeof(none)) == 0);
  memset(&l, 0, sizeof(l));
  l.size = sizeof(l), l.idle_timeout = 60000;
  CHECK(mg_mgr_set_limits(&mgr, &l));
  l.idle_timeout = 0, l.header_size = 1234, l.recv_size = 5000;
  CHECK(mg_conn_set_limits(b, &l));
  visit(&mgr, a);
  CHECK(s_at_open.idle_timeout == 60000 && s_at_open.header_size == 0 && s_at_open.recv_size == none.recv_size);
  visit(&mgr, b);
  CHECK(s_at_open.idle_timeout == 0 && s_at_open.header_size == 1234 && s_at_open.recv_size == 5000);
  got.size = sizeof(got);
  CHECK(mg_conn_get_limits(a, &got) && got.idle_timeout == 60000);
  CHECK(mg_conn_get_limits(b, &got) && got.header_size == 1234);
  l.header_size = 99;
  CHECK(mg_mgr_set_limits(&mgr, &l));
  visit(&mgr, a);
  CHECK(s_at_open.header_size == 99);
  visit(&mgr, b);
  CHECK(s_at_open.header_size == 1234);
  CHECK(mg_conn_set_limits(b, NULL));
  visit(&mgr, b);
  CHECK(s_at_open.header_size == 99);

  // A connection changes its own; nobody else's change.
  s_change = true;
  forget();
  int fd = dial(a);
  WAIT_FOR(&mgr, s_seen.accepted == 1);
  CHECK(mg_conn_get_limits(mgr.conns, &got) && got.body_size == 77 && got.header_size == 0);
  CHECK(mg_conn_set_limits(mgr.conns, NULL));
  CHECK(mg_conn_get_limits(mgr.conns, &got) && got.body_size == 0 && got.header_size == 99);
  CHECK(mg_conn_get_limits(a, &got) && got.body_size == 0);
  close(fd);
  WAIT_FOR(&mgr, s_seen.closed == 1);
  s_change = false;

  // Clients have the manager's.
  struct mg_connection *c = mg_connect(&mgr, "tcp://127.0.0.1:1", NULL, NULL);
  CHECK(mg_conn_get_limits(c, &got) && got.header_size == 99);
  CHECK(mg_mgr_set_limits(&mgr, NULL));
  CHECK(mg_mgr_get_limits(&mgr, &got) && got.header_size == 0);

  // Versions of the struct. Bytes behind a smaller one are not touched.
  struct {
    struct mg_limits l;
    size_t more;
  } large = {.l = {.size = sizeof(large), .recv_size = 4000}, .more = 0};
  CHECK(mg_mgr_set_limits(&mgr, &large.l));
  CHECK(mg_mgr_get_limits(&mgr, &got) && got.recv_size == 4000);
  large.more = 1, large.l.recv_size = 6000;
  CHECK(!mg_mgr_set_limits(&mgr, &large.l) && !mg_conn_set_limits(a, &large.l));
  CHECK(mg_mgr_get_limits(&mgr, &large.l) && large.l.recv_size == 4000 && large.more == 0);
  got.size = 2 * sizeof(size_t), got.send_size = 4321;
  CHECK(mg_mgr_get_limits(&mgr, &got) && got.recv_size == 4000 && got.send_size == 4321);
  got.recv_size = 7000;
  CHECK(mg_mgr_set_limits(&mgr, &got));
  got.size = sizeof(got);
  CHECK(mg_mgr_get_limits(&mgr, &got) && got.recv_size == 7000 && got.send_size == 0);
  for (size_t i = 0; i < 4; i++) {
    got.size = (size_t[]){0, 1, 7, (size_t) -1}[i];
    CHECK(!mg_mgr_set_limits(&mgr, &got) && !mg_mgr_get_limits(&mgr, &got));
    CHECK(!mg_conn_set_limits(a, &got) && !mg_conn_get_limits(a, &got));
  }

  // Nothing to limit.
  got.size = sizeof(got);
  CHECK(!mg_mgr_set_limits(NULL, &got) && !mg_mgr_get_limits(NULL, &got) && !mg_mgr_get_limits(&mgr, NULL));
  CHECK(!mg_conn_set_limits(NULL, &got) && !mg_conn_get_limits(NULL, &got) && !mg_conn_get_limits(a, NULL));
  struct mg_connection made;
  memset(&made, 0, sizeof(made));
  CHECK(!mg_conn_set_limits(&made, &got) && !mg_conn_get_limits(&made, &got));
  CHECK(!mg_conn_set_limits(mg_listen(&mgr, "udp://127.0.0.1:0", NULL, NULL), &got));
  CHECK(!mg_conn_set_limits(mg_connect(&mgr, "udp://127.0.0.1:1", NULL, NULL), &got));
  mg_mgr_free(&mgr);
  CHECK(!mg_mgr_set_limits(&mgr, &got) && !mg_mgr_get_limits(&mgr, &got));
  return 0;
}
