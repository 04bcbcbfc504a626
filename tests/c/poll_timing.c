// How long mg_mgr_poll waits: programs use "N calls of M milliseconds" as a time budget.

#include "mongoose.h"

static int ticks;

static void tick(void *arg) {
  ticks++;
  (void) arg;
}

static void alarm_handler(int signo) {
  (void) signo;
}

static unsigned long elapsed(struct mg_mgr *mgr, int ms) {
  uint64_t start = mg_millis();
  mg_mgr_poll(mgr, ms);
  return (unsigned long) (mg_millis() - start);
}

static void set_alarm(int ms) {
  struct itimerval timer = {.it_value = {.tv_usec = ms * 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

int main(void) {
  struct mg_mgr mgr;
  struct sigaction action = {.sa_handler = alarm_handler};
  mg_log_level = MG_LL_NONE;
  sigaction(SIGALRM, &action, NULL);
  mg_mgr_init(&mgr);
  printf("poll(50) without connections sleeps: %d\n", elapsed(&mgr, 50) >= 49);
  printf("poll(0) returns at once: %d\n", elapsed(&mgr, 0) < 40);
  struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  printf("poll(50) with an idle listener sleeps: %d\n", elapsed(&mgr, 50) >= 49);
  mg_timer_add(&mgr, 5, MG_TIMER_REPEAT, tick, NULL);
  printf("timers do not shorten poll(100): %d\n", elapsed(&mgr, 100) >= 99);
  elapsed(&mgr, 100);
  printf("the timer ran once per late iteration: %d\n", ticks);
  set_alarm(30);
  printf("a signal interrupts poll(2000): %d\n", elapsed(&mgr, 2000) < 1000);
  set_alarm(60);
  unsigned long ms = elapsed(&mgr, -1);
  printf("poll(-1) waits until the signal: %d\n", ms >= 50 && ms < 1500);
  c->is_closing = 1;
  printf("a closing connection shortens poll(2000): %d\n", elapsed(&mgr, 2000) < 1000);
  mg_mgr_free(&mgr);
  printf("poll(2000) after mg_mgr_free returns at once: %d\n", elapsed(&mgr, 2000) < 1000);
  return 0;
}
