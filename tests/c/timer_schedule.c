// When timers fire: mg_timer_expired, and each kind of timer polled at given times.

#include "mongoose.h"

static uint64_t now;
static char trace[512];

static void fn(void *arg) {
  snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), " %llu", (unsigned long long) now);
  (void) arg;
}

static void run(const char *name, uint64_t period, unsigned flags, uint64_t from, uint64_t step, int polls) {
  struct mg_timer t, *head = NULL;
  memset(&t, 0xff, sizeof(t));
  mg_timer_init(&head, &t, period, flags, fn, NULL);
  printf("%s, initialised: expire %llu flags %u in list %d\n", name, (unsigned long long) t.expire, t.flags, head == &t);
  trace[0] = '\0';
  char expire[512] = "";
  for (int i = 0; i < polls; i++) {
    now = from + step * (uint64_t) i;
    mg_timer_poll(&head, now);
    snprintf(expire + strlen(expire), sizeof(expire) - strlen(expire), " %llu", (unsigned long long) t.expire);
  }
  printf("%s, fires:%s\n", name, trace);
  printf("%s, expire:%s\n", name, expire);
  printf("%s, flags: %u\n", name, t.flags);
  printf("%s, in list: %d\n", name, head == &t);
  mg_timer_free(&head, &t);
  printf("%s, freed: %d\n", name, head == NULL);
}

static void expired(uint64_t t, uint64_t period, uint64_t at) {
  printf("expired %llu %llu %llu: ", (unsigned long long) t, (unsigned long long) period, (unsigned long long) at);
  bool result = mg_timer_expired(&t, period, at);
  printf("%d %llu\n", result, (unsigned long long) t);
}

int main(void) {
  static const uint64_t table[][3] = {
      {0, 10, 0}, {10, 10, 5}, {10, 10, 10}, {30, 10, 31}, {40, 10, 100}, {1000, 10, 5}, {0, 0, 5}, {5, 10, 15}, {5, 10, 16},
      {0, 0, 0}, {1, 0, 0}, {20, 10, 10}, {21, 10, 10}, {UINT64_MAX, 1, UINT64_MAX}, {5, UINT64_MAX, 10},
      {5, UINT64_MAX, 3}, {0, UINT64_MAX, 3}, {0, 10, UINT64_MAX}, {UINT64_MAX, UINT64_MAX, 0}, {UINT64_MAX - 5, 10, UINT64_MAX},
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) expired(table[i][0], table[i][1], table[i][2]);

  run("once", 10, MG_TIMER_ONCE, 100, 5, 9);
  run("once at once", 10, MG_TIMER_ONCE | MG_TIMER_RUN_NOW, 100, 5, 6);
  run("repeat", 10, MG_TIMER_REPEAT, 1, 7, 11);
  run("repeat at once", 10, MG_TIMER_REPEAT | MG_TIMER_RUN_NOW, 100, 5, 6);
  run("repeat, polled late", 10, MG_TIMER_REPEAT, 0, 35, 5);
  run("repeat, polled at 0", 10, MG_TIMER_REPEAT, 0, 0, 5);
  run("repeat at once, polled at 0", 0, MG_TIMER_REPEAT | MG_TIMER_RUN_NOW, 0, 0, 5);
  run("period 0", 0, MG_TIMER_REPEAT, 5, 1, 5);
  run("once with period 0", 0, MG_TIMER_ONCE, 5, 1, 5);
  run("called before", 10, MG_TIMER_ONCE | MG_TIMER_RUN_NOW | MG_TIMER_CALLED, 100, 5, 6);
  run("repeat called before", 10, MG_TIMER_REPEAT | MG_TIMER_RUN_NOW | MG_TIMER_CALLED, 100, 5, 6);
  run("longest period", UINT64_MAX, MG_TIMER_REPEAT, 100, 5, 6);

  struct mg_timer t, *head = NULL;
  mg_timer_init(&head, &t, 100, MG_TIMER_REPEAT, fn, NULL);
  static const uint64_t back[] = {1000, 1050, 1100, 0, 50, 100, 150, 200};
  trace[0] = '\0';
  for (size_t i = 0; i < sizeof(back) / sizeof(back[0]); i++) now = back[i], mg_timer_poll(&head, now);
  printf("clock goes back:%s\n", trace);
  t.period_ms = 10;
  trace[0] = '\0';
  for (now = 200; now < 330; now += 10) mg_timer_poll(&head, now);
  printf("shorter period:%s\n", trace);
  t.flags = MG_TIMER_ONCE;
  trace[0] = '\0';
  for (; now < 400; now += 10) mg_timer_poll(&head, now);
  printf("repeat turned off:%s\n", trace);

  // Random polls of random timers.
  uint32_t state = 1, crc = 0;
  for (int round = 0; round < 2000; round++) {
    struct mg_timer timers[4];
    head = NULL;
    trace[0] = '\0';
    for (int i = 0; i < 4; i++) {
      state = state * 1664525u + 1013904223u;
      mg_timer_init(&head, &timers[i], state >> 8 & 15, state >> 16 & 3, fn, NULL);
    }
    now = state >> 20 & 15;
    for (int i = 0; i < 15; i++) {
      state = state * 1664525u + 1013904223u;
      now += (state >> 8 & 15) - (state >> 24 == 0 ? 20 : 0);
      mg_timer_poll(&head, now);
    }
    crc = mg_crc32(crc, trace, strlen(trace));
    for (int i = 0; i < 4; i++) crc = mg_crc32(crc, (char *) &timers[i].expire, sizeof(timers[i].expire));
  }
  printf("random timers: %08x\n", crc);
  return 0;
}
