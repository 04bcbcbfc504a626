// Timer callbacks that free themselves, the next timer or all timers; timers the program owns on the manager's list.
// The reference uses freed memory, and mg_mgr_free releases memory that is not its own.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_mgr mgr;
static struct mg_timer *victim;
static int runs;

static void count(void *arg) {
  runs++;
  (void) arg;
}

static void free_victim(void *arg) {
  runs++;
  if (victim != NULL) {
    mg_timer_free(&mgr.timers, victim);
    mg_free(victim);
    victim = NULL;
  }
  (void) arg;
}

static void free_all(void *arg) {
  runs++;
  while (mgr.timers != NULL) {
    struct mg_timer *t = mgr.timers;
    mg_timer_free(&mgr.timers, t);
    mg_free(t);
  }
  (void) arg;
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);

  victim = mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, free_victim, NULL);
  mg_mgr_poll(&mgr, 0);
  CHECK(runs == 1 && mgr.timers == NULL);

  // The next in the list is the one added before.
  runs = 0;
  victim = mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, count, NULL);
  struct mg_timer *t = mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, free_victim, NULL);
  mg_mgr_poll(&mgr, 0);
  CHECK(runs == 1 && mgr.timers == t);
  mg_timer_free(&mgr.timers, t);
  mg_free(t);

  runs = 0;
  for (int i = 0; i < 10; i++) mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, free_all, NULL);
  mg_mgr_poll(&mgr, 0);
  CHECK(runs == 1 && mgr.timers == NULL);

  struct mg_timer on_stack;
  memset(&on_stack, 0, sizeof(on_stack));
  runs = 0;
  mg_timer_init(&mgr.timers, &on_stack, 0, MG_TIMER_REPEAT, count, NULL);
  mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, count, NULL);
  mg_mgr_poll(&mgr, 0);
  CHECK(runs == 2);
  mg_mgr_free(&mgr);
  CHECK(mgr.timers == NULL);
  return 0;
}
