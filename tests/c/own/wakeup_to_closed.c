// A wakeup message for a connection that is closed, or that an earlier message closes, reaches nobody.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_connection *victim;
static int delivered, to_victim;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_WAKEUP) return;
  delivered++;
  to_victim += c == victim;
  struct mg_str *text = (struct mg_str *) ev_data;
  if (mg_strcmp(*text, mg_str("close at once")) == 0) mg_close_conn(victim);
  if (mg_strcmp(*text, mg_str("close the channel")) == 0) {
    for (struct mg_connection *t = c->mgr->conns; t != NULL; t = t->next) t->is_closing |= !t->is_listening;
  }
}

static void poll_until(struct mg_mgr *mgr, int n) {
  for (int i = 0; i < 1000 && delivered < n; i++) mg_mgr_poll(mgr, 10);
  CHECK(delivered == n);
  for (int i = 0; i < 3; i++) mg_mgr_poll(mgr, 0);
  CHECK(delivered == n);
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  CHECK(mg_wakeup_init(&mgr));
  struct mg_connection *other = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  victim = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  CHECK(other != NULL && victim != NULL);
  unsigned long id = victim->id;

  CHECK(mg_wakeup(&mgr, id, "1", 1));
  CHECK(mg_wakeup(&mgr, other->id, "close at once", 13));
  CHECK(mg_wakeup(&mgr, id, "2", 1));
  CHECK(mg_wakeup(&mgr, other->id, "3", 1));
  poll_until(&mgr, 3);
  CHECK(to_victim == 1);

  victim = NULL;
  CHECK(mg_wakeup(&mgr, id, "4", 1));
  CHECK(mg_wakeup(&mgr, other->id, "close the channel", 17));
  poll_until(&mgr, 4);
  CHECK(!mg_wakeup(&mgr, other->id, "5", 1));
  CHECK(mg_wakeup_init(&mgr));
  CHECK(mg_wakeup(&mgr, other->id, "6", 1));
  poll_until(&mgr, 5);

  // Never delivered, and not leaked.
  CHECK(mg_wakeup(&mgr, other->id, "7", 1));
  mg_mgr_free(&mgr);
  CHECK(delivered == 5);
  return 0;
}
