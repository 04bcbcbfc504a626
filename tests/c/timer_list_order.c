// The list of timers: newest first, removal from every place, ownership.

#include "mongoose.h"

static char trace[128];
static struct mg_timer a, b, c, d, *head;

static void fn(void *arg) {
  strcat(trace, (char *) arg);
}

static void show(const char *label) {
  trace[0] = '\0';
  mg_timer_poll(&head, 1);
  printf("%s: %s\n", label, trace);
}

int main(void) {
  mg_timer_poll(&head, 1);
  mg_timer_free(&head, &a);
  printf("nothing in an empty list: %d\n", head == NULL);
  mg_timer_init(&head, &a, 0, MG_TIMER_REPEAT, fn, "a");
  mg_timer_init(&head, &b, 0, MG_TIMER_REPEAT, fn, "b");
  mg_timer_init(&head, &c, 0, MG_TIMER_REPEAT, fn, "c");
  printf("linked: %d %d %d %d\n", head == &c, c.next == &b, b.next == &a, a.next == NULL);
  printf("members: %d %d %d %d\n", (int) c.period_ms, c.flags == MG_TIMER_REPEAT, c.fn == fn, c.arg != NULL);
  show("newest first");
  mg_timer_free(&head, &d);
  show("one that is no member");
  mg_timer_free(&head, &b);
  show("without the middle");
  mg_timer_free(&head, &b);
  show("removed twice");
  mg_timer_init(&head, &b, 0, MG_TIMER_REPEAT, fn, "b");
  mg_timer_free(&head, &a);
  show("without the last");
  mg_timer_free(&head, &b);
  show("without the first");
  mg_timer_free(&head, &c);
  show("without any");

  mg_timer_init(&head, &a, 0, MG_TIMER_ONCE, fn, "x");
  mg_timer_init(&head, &b, 0, MG_TIMER_ONCE, fn, "y");
  mg_timer_init(&head, &c, 0, MG_TIMER_ONCE, fn, "z");
  show("one-shot timers");
  show("one-shot timers again");
  printf("one-shot timers stay in the list: %d\n", head == &c && c.next == &b && b.next == &a);
  printf("one-shot timers are marked: %u %u %u\n", a.flags, b.flags, c.flags);

  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  trace[0] = '\0';
  struct mg_timer *first = mg_timer_add(&mgr, 0, MG_TIMER_ONCE, fn, "1"), *second = mg_timer_add(&mgr, 5, 3, fn, "2");
  printf("added: %d %d, period %d, flags %u %u\n", mgr.timers == second, second->next == first, (int) second->period_ms,
         first->flags, second->flags);
  mg_mgr_poll(&mgr, 0);
  printf("fired: %s\n", trace);
  printf("the one-shot timer is gone: %d\n", mgr.timers == second && second->next == NULL);
  mg_timer_free(&mgr.timers, second);
  printf("removed, not released: %d\n", mgr.timers == NULL && second->period_ms == 5);
  mg_free(second);
  mg_timer_add(&mgr, 0, MG_TIMER_REPEAT, fn, "3");
  mg_timer_add(&mgr, 0, MG_TIMER_ONCE, fn, "4");
  mg_mgr_free(&mgr);
  printf("after mg_mgr_free: %d\n", mgr.timers == NULL);
  return 0;
}
