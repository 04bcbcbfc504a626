// What a timer's function may change: other timers, its own flags and period, the list.

#include "mongoose.h"

static char trace[256];
static struct mg_timer a, b, c, d, *head;
static void (*action)(void);

static void fn(void *arg) {
  strcat(trace, (char *) arg);
  if (((char *) arg)[0] == 'b' && action != NULL) action();
}

static void add_timer(void) {
  mg_timer_init(&head, &d, 0, MG_TIMER_REPEAT, fn, "d");
}
static void remove_earlier(void) {
  mg_timer_free(&head, &c);
}
static void remove_absent(void) {
  mg_timer_free(&head, &d);
}
static void stop_repeating(void) {
  b.flags = MG_TIMER_ONCE;
}
static void start_repeating(void) {
  b.flags |= MG_TIMER_REPEAT;
}
static void change_period(void) {
  b.period_ms = 100;
}
static void change_expire(void) {
  b.expire = 3;
}
static void change_function(void) {
  b.arg = "B";
}
static void change_next(void) {
  a.arg = "A";
}

static void run(const char *name, unsigned flags, void (*f)(void)) {
  head = NULL;
  action = NULL;
  mg_timer_init(&head, &a, 0, MG_TIMER_REPEAT, fn, "a");
  mg_timer_init(&head, &b, 0, flags, fn, "b");
  mg_timer_init(&head, &c, 0, MG_TIMER_REPEAT, fn, "c");
  action = f;
  trace[0] = '\0';
  for (uint64_t now = 1; now <= 4; now++) {
    mg_timer_poll(&head, now);
    action = NULL;
    strcat(trace, " ");
  }
  printf("%s: %s, flags %u\n", name, trace, b.flags);
}

int main(void) {
  run("nothing", MG_TIMER_REPEAT, NULL);
  run("adds one", MG_TIMER_REPEAT, add_timer);
  run("removes one that ran", MG_TIMER_REPEAT, remove_earlier);
  run("removes one that is no member", MG_TIMER_REPEAT, remove_absent);
  run("stops repeating", MG_TIMER_REPEAT, stop_repeating);
  run("starts repeating", MG_TIMER_ONCE, start_repeating);
  run("changes its period", MG_TIMER_REPEAT, change_period);
  run("changes its deadline", MG_TIMER_REPEAT, change_expire);
  run("changes its argument", MG_TIMER_REPEAT, change_function);
  run("changes the next one", MG_TIMER_REPEAT, change_next);
  return 0;
}
