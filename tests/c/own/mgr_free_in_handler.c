// mg_mgr_free() and mg_mgr_delete() in a handler do nothing: connections and timers go on.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static bool s_deletes;
static int s_refused, s_ticks;

static void tick(void *arg) {
  (void) arg;
  s_ticks++;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev != MG_EV_POLL || s_refused > 3) return;
  s_refused++;
  if (s_deletes) mg_mgr_delete(c->mgr);
  else mg_mgr_free(c->mgr);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  for (int deletes = 0; deletes < 2; deletes++) {
    struct mg_mgr *mgr = mg_mgr_new();
    s_deletes = deletes == 1, s_refused = s_ticks = 0;
    struct mg_timer *timer = mg_timer_add(mgr, 1, MG_TIMER_REPEAT, tick, NULL);
    struct mg_connection *c = mg_listen(mgr, "tcp://127.0.0.1:0", handler, NULL);
    for (int i = 0; i < 2000 && (s_ticks < 3 || s_refused < 4); i++) mg_mgr_poll(mgr, 2);
    CHECK(s_ticks >= 3 && s_refused == 4 && mgr->conns == c && mgr->timers == timer);
    mg_timer_free(&mgr->timers, timer);
    mg_free(timer);
    CHECK(mgr->timers == NULL);
    mg_mgr_delete(mgr);
  }
  return 0;
}
