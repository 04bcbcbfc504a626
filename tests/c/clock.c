// mg_millis moves forward, mg_now adds mg_boot_timestamp_ms once it is set, mg_delayms waits for more than the given time.

#include "mongoose.h"

#include <time.h>

static uint64_t raw(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
  return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}

int main(void) {
  uint64_t before = raw(), ms = mg_millis(), after = raw();
  printf("mg_millis is CLOCK_MONOTONIC_RAW: %d\n", before <= ms && ms <= after);
  int backwards = 0;
  for (int i = 0; i < 100000; i++) {
    uint64_t next = mg_millis();
    backwards += next < ms;
    ms = next;
  }
  printf("steps backwards: %d\n", backwards);
  printf("boot timestamp: %llu\n", (unsigned long long) mg_boot_timestamp_ms);
  before = mg_millis();
  uint64_t now = mg_now();
  printf("mg_now at first: %s\n", before <= now && now <= mg_millis() ? "mg_millis" : now / 1000 - (uint64_t) time(NULL) + 1 <= 2 ? "the time" : "neither");
  mg_boot_timestamp_ms = 1000000000000;
  before = mg_millis();
  now = mg_now();
  printf("mg_now adds the boot timestamp: %d\n", before + mg_boot_timestamp_ms <= now && now <= mg_millis() + mg_boot_timestamp_ms);
  mg_boot_timestamp_ms = (uint64_t) -1;
  now = mg_now();
  printf("mg_now wraps around: %d\n", now <= mg_millis() && now + 1000 > mg_millis());
  for (unsigned delay = 0; delay < 20; delay += 7) {
    before = mg_millis();
    mg_delayms(delay);
    printf("a delay of %u is long enough: %d\n", delay, mg_millis() > before + delay);
  }
  return 0;
}
