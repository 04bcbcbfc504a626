// Timers that release themselves the way bindings do, that free and add others at the same address, that start anew
// while they are in the list, that poll the list again, and that empty it. The reference uses freed memory or hangs.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_mgr mgr;
static struct mg_timer *self, *other;
static struct mg_timer a, b, c, *head;
static char trace[256];
static int depth;

static void note(void *arg) {
  strcat(trace, (char *) arg);
}

static void release_self(void *arg) {
  note(arg);
  mg_timer_free(&mgr.timers, self);
  mg_free(self);
}

static void replace_self(void *arg) {
  note(arg);
  mg_timer_free(&mgr.timers, self);
  mg_free(self);
  // Likely to get the same memory.
  self = mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, note, "new ");
}

static void replace_other(void *arg) {
  note(arg);
  mg_timer_free(&mgr.timers, other);
  mg_free(other);
  other = mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, note, "other ");
}

static void start_anew(void *arg) {
  note(arg);
  mg_timer_init(&head, &b, 0, MG_TIMER_REPEAT, start_anew, "b ");
}

static void start_next_anew(void *arg) {
  note(arg);
  mg_timer_init(&head, &a, 0, MG_TIMER_REPEAT, note, "a ");
}

static void poll_again(void *arg) {
  note(arg);
  if (depth++ == 0) mg_timer_poll(&head, 1);
}

static void run_loop(void *arg) {
  note(arg);
  if (depth++ < 5) mg_mgr_poll(&mgr, 0);
}

static void poll_and_remove(void *arg) {
  note(arg);
  if (depth++ > 0) return;
  mg_timer_poll(&head, 1);
  mg_timer_free(&head, &a);
}

static void remove_all(void *arg) {
  note(arg);
  mg_timer_free(&head, &c);
  mg_timer_free(&head, &a);
  mg_timer_free(&head, &b);
}

static void run(void (*f)(void *), int polls) {
  head = NULL;
  depth = 0;
  trace[0] = '\0';
  mg_timer_init(&head, &a, 0, MG_TIMER_REPEAT, note, "a ");
  mg_timer_init(&head, &b, 0, MG_TIMER_REPEAT, f, "b ");
  mg_timer_init(&head, &c, 0, MG_TIMER_REPEAT, note, "c ");
  while (polls-- > 0) mg_timer_poll(&head, 1);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);

  for (unsigned flags = 0; flags < 4; flags++) {
    trace[0] = '\0';
    self = mg_timer_add(&mgr, 0, flags, release_self, "released ");
    mg_timer_add(&mgr, 0, MG_TIMER_ONCE, note, "after ");
    for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 0);
    CHECK(strcmp(trace, "after released ") == 0 && mgr.timers == NULL);

    trace[0] = '\0';
    self = mg_timer_add(&mgr, 0, flags, replace_self, "old ");
    mg_mgr_poll(&mgr, 0);
    CHECK(strcmp(trace, "old ") == 0 && mgr.timers == self && self->next == NULL);
    mg_mgr_poll(&mgr, 0);
    CHECK(strcmp(trace, "old new ") == 0);
    mg_timer_free(&mgr.timers, self);
    mg_free(self);
  }

  trace[0] = '\0';
  struct mg_timer *last = mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, note, "last ");
  other = mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, note, "unseen ");
  mg_timer_add(&mgr, 0, MG_TIMER_ONCE, replace_other, "replaces ");
  mg_mgr_poll(&mgr, 0);
  CHECK(strcmp(trace, "replaces last ") == 0 && mgr.timers == other && other->next == last);
  mg_mgr_poll(&mgr, 0);
  CHECK(strcmp(trace, "replaces last other last ") == 0);
  mg_mgr_free(&mgr);

  run(start_anew, 2);
  CHECK(strcmp(trace, "c b a b c a ") == 0 && head == &b && b.next == &c && c.next == &a && a.next == NULL);
  run(start_next_anew, 2);
  CHECK(strcmp(trace, "c b a c b ") == 0 && head == &a && a.next == &c && c.next == &b && b.next == NULL);
  run(poll_again, 1);
  CHECK(strcmp(trace, "c b c b a a ") == 0);
  run(poll_and_remove, 1);
  CHECK(strcmp(trace, "c b c b a ") == 0 && head == &c && b.next == NULL);
  run(remove_all, 2);
  CHECK(strcmp(trace, "c b ") == 0 && head == NULL);

  // A function runs the loop, for longer than its period: one that is to run once does not begin again.
  mg_mgr_init(&mgr);
  for (unsigned flags = 0; flags < 4; flags += 2) {
    trace[0] = '\0', depth = 0;
    mg_timer_add(&mgr, 0, flags, run_loop, "once ");
    for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 0);
    CHECK(strcmp(trace, "once ") == 0 && mgr.timers == NULL);
  }
  mg_mgr_free(&mgr);

  // Timers of the program on a manager's list outlive it.
  mg_mgr_init(&mgr);
  mg_timer_init(&mgr.timers, &a, 0, MG_TIMER_REPEAT, note, "a ");
  mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, note, "added ");
  mg_timer_init(&mgr.timers, &b, 0, MG_TIMER_ONCE, note, "b ");
  trace[0] = '\0';
  mg_mgr_poll(&mgr, 0);
  CHECK(strcmp(trace, "b added a ") == 0);
  mg_mgr_free(&mgr);
  CHECK(mgr.timers == NULL && a.period_ms == 0);
  return 0;
}
