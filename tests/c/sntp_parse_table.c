// What counts as a reply of a time server, and the time it tells.

#include "mongoose.h"

#define T 1700000000000ULL

static void put(uint8_t *p, uint64_t ms) {
  uint64_t v = (ms / 1000 + 2208988800U) << 32 | (ms % 1000 * 4294967295U + 999) / 1000;
  for (int i = 0; i < 8; i++) p[i] = (uint8_t) (v >> (56 - 8 * i));
}

// A reply to a request that left `ago` ms before now, received at `received` and sent at T on the server's clock.
static void reply(uint8_t *p, int flags, int stratum, uint64_t ago, uint64_t received) {
  memset(p, 0, 100);
  p[0] = (uint8_t) flags, p[1] = (uint8_t) stratum;
  put(p + 24, mg_millis() - ago), put(p + 32, received), put(p + 40, T);
}

// Prints how far from T the result is, to about 20 ms.
static void parse(const char *label, const uint8_t *p, size_t len) {
  mg_boot_timestamp_ms = 1;
  uint64_t before = mg_millis();
  int64_t ms = mg_sntp_parse(p, len), off = ms - (int64_t) T;
  uint64_t boot = mg_boot_timestamp_ms, after = mg_millis();
  if (ms <= 0) {
    printf("%s: %lld\n", label, (long long) ms);
  } else if (off < -6000 || off > 6000) {
    printf("%s: far off\n", label);
  } else {
    printf("%s: T%+lld\n", label, (long long) ((off < 0 ? off - 10 : off + 10) / 20 * 20));
  }
  printf("%s, boot timestamp: %s\n", label, boot == 1 ? "unchanged" : before + boot <= (uint64_t) ms && (uint64_t) ms <= after + boot ? "set" : "?");
}

int main(void) {
  uint8_t p[100];
  char label[64];
  mg_log_level = MG_LL_NONE;
  printf("nothing: %lld\n", (long long) mg_sntp_parse(NULL, 0));
  for (size_t len = 0; len <= 60; len += len == 0 || len == 47 || len == 48 ? 1 : len == 1 ? 46 : 11) {
    reply(p, 0x24, 1, 0, T);
    snprintf(label, sizeof(label), "%lu bytes", (unsigned long) len);
    parse(label, p, len);
  }
  for (int mode = 0; mode < 8; mode++) {
    reply(p, 0x20 | mode, 1, 0, T);
    snprintf(label, sizeof(label), "mode %d", mode);
    parse(label, p, 48);
  }
  for (int version = 0; version < 8; version++) {
    reply(p, version << 3 | 4, 1, 0, T);
    snprintf(label, sizeof(label), "version %d", version);
    parse(label, p, 48);
  }
  for (int leap = 0; leap < 4; leap++) {
    reply(p, leap << 6 | 0x24, 1, 0, T);
    snprintf(label, sizeof(label), "leap indicator %d", leap);
    parse(label, p, 48);
  }
  int strata[] = {0, 1, 2, 15, 16, 255};
  for (size_t i = 0; i < sizeof(strata) / sizeof(strata[0]); i++) {
    reply(p, 0x24, strata[i], 0, T);
    snprintf(label, sizeof(label), "stratum %d", strata[i]);
    parse(label, p, 48);
  }
  reply(p, 0x24, 1, 1000, T), parse("a second on the way", p, 48);
  reply(p, 0x24, 1, 1000, T - 600), parse("600 ms of it in the server", p, 48);
  reply(p, 0x24, 1, 1000, T - 1000), parse("all of it in the server", p, 48);
  reply(p, 0x24, 1, 10000, T), parse("ten seconds on the way", p, 48);
  reply(p, 0x24, 1, 1000, T - 50000), parse("longer in the server than away", p, 48);
  reply(p, 0x24, 1, 0, T), memset(p + 24, 0, 8), parse("no origin", p, 48);
  reply(p, 0x24, 1, 0, T), memset(p + 24, 255, 8), parse("origin all ones", p, 48);
  reply(p, 0x24, 1, 0, T), put(p + 24, T), parse("origin of another clock", p, 48);
  reply(p, 0x24, 1, 0, T), memset(p + 32, 0, 8), parse("no receive time", p, 48);
  reply(p, 0x24, 1, 0, T), memset(p + 40, 0, 8), parse("no transmit time", p, 48);
  reply(p, 0x24, 1, 0, T), memset(p + 24, 0, 24), parse("no times at all", p, 48);

  // Seconds begin again in 2036.
  reply(p, 0x24, 1, 0, T), memset(p + 32, 0, 16), p[35] = p[43] = 1;
  int64_t ms = mg_sntp_parse(p, 48);
  printf("second 1 of the next era: %d\n", ms >= 2085978497000LL && ms < 2085978497100LL);
  reply(p, 0x24, 1, 0, T), memset(p + 32, 255, 3), memset(p + 40, 255, 3);
  ms = mg_sntp_parse(p, 48);
  printf("late in this era: %lld\n", (long long) (ms / 100000));
  return 0;
}
