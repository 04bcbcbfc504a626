// Timers run once per iteration before any POLL, newest first; one-shot timers of mg_timer_add free themselves.

#include "mongoose.h"

static char trace[256];
static struct mg_mgr mgr;

static void note(const char *text) {
  strcat(strcat(trace, trace[0] ? " " : ""), text);
}

static void named(void *arg) {
  note((char *) arg);
}


static void fn(struct mg_connection *c, int ev, void *ev_data) {
  char text[32];
  snprintf(text, sizeof(text), "POLL%lu", c->id);
  if (ev == MG_EV_POLL) note(text);
  (void) ev_data;
}

static void listen_now(void *arg) {
  note("listen");
  mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  (void) arg;
}

static void add_another(void *arg) {
  note("adder");
  mg_timer_add(&mgr, 0, MG_TIMER_ONCE, named, arg);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  mg_timer_add(&mgr, 0, MG_TIMER_ONCE, named, "first");
  mg_timer_add(&mgr, 0, MG_TIMER_ONCE, named, "second");
  mg_mgr_poll(&mgr, 0);
  printf("two one-shot timers: %s\n", trace);
  printf("timers left: %d\n", mgr.timers != NULL);

  trace[0] = '\0';
  mg_timer_add(&mgr, 0, MG_TIMER_ONCE, listen_now, NULL);
  mg_mgr_poll(&mgr, 0);
  printf("a listener made by a timer is polled in the same iteration: %s\n", trace);

  trace[0] = '\0';
  mg_timer_add(&mgr, 0, MG_TIMER_ONCE, add_another, "added");
  mgr.conns->fn = mgr.conns->next->fn = NULL;
  mg_mgr_poll(&mgr, 0);
  printf("a timer added by a timer waits: %s\n", trace);
  mg_mgr_poll(&mgr, 0);
  printf("and runs in the next iteration: %s\n", trace);

  trace[0] = '\0';
  struct mg_timer *t = mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, named, "again");
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 0);
  printf("repeating: %s\n", trace);
  printf("flags: %u, period %lu\n", t->flags, (unsigned long) t->period_ms);
  mg_timer_free(&mgr.timers, t);
  mg_free(t);
  trace[0] = '\0';
  mg_mgr_poll(&mgr, 0);
  printf("freed between polls: %d\n", trace[0] != '\0');
  mg_timer_add(&mgr, 100000, MG_TIMER_ONCE | MG_TIMER_RUN_NOW, named, "now");
  mg_mgr_poll(&mgr, 0);
  printf("run-now: %s\n", trace);
  mg_timer_add(&mgr, 100000, MG_TIMER_REPEAT, named, "never");
  mg_mgr_free(&mgr);
  printf("timers after mg_mgr_free: %d\n", mgr.timers != NULL);
  return 0;
}
