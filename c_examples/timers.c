// Timers of all three kinds: at once and once, repeating, once after a delay.
//
// Build: make examples        Run: target/examples/timers

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void say(void *arg) {
  printf("%s\n", (const char *) arg);
  fflush(stdout);
}

static void finish(void *arg) {
  say(arg);
  stopped = 1;
}

int main(void) {
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  // Timers are looked at once per mg_mgr_poll(), so its argument limits how late they may be.
  mg_timer_add(&mgr, 0, MG_TIMER_ONCE, say, "started");
  mg_timer_add(&mgr, 200, MG_TIMER_REPEAT, say, "tick");
  mg_timer_add(&mgr, 1100, MG_TIMER_ONCE, finish, "done");
  while (!stopped) mg_mgr_poll(&mgr, 10);
  mg_mgr_free(&mgr);
  return 0;
}
