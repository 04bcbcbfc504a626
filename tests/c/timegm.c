// mg_timegm: seconds since 1970, without range checks but for the year.

#include "mongoose.h"

static void show(unsigned y, unsigned mo, unsigned d, unsigned h, unsigned mi, unsigned s) {
  printf("%u-%u-%u %u.%u.%u: %llu\n", y, mo, d, h, mi, s, (unsigned long long) mg_timegm(y, mo, d, h, mi, s));
}

int main(void) {
  static const unsigned table[][6] = {
      {1970, 1, 1, 0, 0, 0}, {1969, 12, 31, 23, 59, 59}, {0, 1, 1, 0, 0, 0}, {1999, 12, 31, 23, 59, 59},
      {2000, 2, 29, 0, 0, 0}, {2000, 3, 1, 0, 0, 0}, {2038, 1, 19, 3, 14, 8}, {2100, 2, 29, 0, 0, 0}, {2100, 3, 1, 0, 0, 0},
      {2400, 2, 29, 0, 0, 0}, {9999, 12, 31, 23, 59, 59}, {2024, 2, 30, 25, 61, 61}, {1970, 12, 31, 0, 0, 0},
      {1970, 1, 0, 0, 0, 0}, {2024, 3, 0, 0, 0, 0}, {1971, 1, 0, 0, 0, 0}, {1970, 1, 1, 0, 0, 4294967295u},
      {1970, 1, 1, 4294967295u, 0, 0}, {1970, 1, 4294967295u, 0, 0, 0}, {1970, 1, 1, 0, 4294967295u, 0},
      {1970, 1, 2, 1193046, 0, 0}, {1970, 1, 1, 1193046, 0, 4294967295u}, {1970, 1, 1, 1193046, 71582788, 0},
      {1970, 1, 1, 1193046, 71582788, 4294967295u}, {1970, 12, 4294967295u, 0, 0, 0}, {1970, 1, 50000, 0, 0, 0},
      {65536, 1, 1, 0, 0, 0}, {1000000, 1, 1, 0, 0, 0}, {20000000, 1, 1, 0, 0, 0}, {4294967295u, 1, 1, 0, 0, 0},
      {4294967295u, 12, 31, 23, 59, 59}, {4294967292u, 2, 29, 0, 0, 0},
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    show(table[i][0], table[i][1], table[i][2], table[i][3], table[i][4], table[i][5]);
  }
  uint32_t crc = 0;
  for (unsigned year = 1970; year < 2500; year++) {
    for (unsigned month = 1; month <= 12; month++) {
      for (unsigned day = 1; day <= 31; day++) {
        uint64_t t = mg_timegm(year, month, day, day % 24, year % 60, month);
        crc = mg_crc32(crc, (char *) &t, sizeof(t));
      }
    }
  }
  printf("all days until 2500: %08x\n", crc);
  return 0;
}
