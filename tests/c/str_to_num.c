// mg_str_to_num and mg_to_size_t: all digits or false, with the target untouched.

#include "mongoose.h"

bool mg_to_size_t(struct mg_str str, size_t *val);

static void show(const char *text, int base, size_t width) {
  uint64_t value = 0xa5a5a5a5a5a5a5a5;
  bool ok = mg_str_to_num(mg_str(text), base, &value, width);
  printf("\"%s\" base %d width %d: %d %llx\n", text, base, (int) width, ok, (unsigned long long) value);
}

int main(void) {
  static const struct {
    const char *text;
    int base;
    size_t width;
  } table[] = {
      {"18446744073709551615", 10, 8}, {"18446744073709551616", 10, 8}, {"99999999999999999999999", 10, 8},
      {"255", 10, 1}, {"256", 10, 1}, {"65535", 10, 2}, {"65536", 10, 2}, {"4294967295", 10, 4},
      {"4294967296", 10, 4}, {"0", 10, 1}, {"00000000000000000000000000000255", 10, 1}, {"7F", 16, 1}, {"7f", 16, 1},
      {"fff", 16, 1}, {"0x10", 16, 8}, {"ffffffffffffffff", 16, 8}, {"10000000000000000", 16, 8}, {"fg", 16, 8},
      {"0x10", 0, 8}, {"0X10", 0, 8}, {"0b11", 0, 1}, {"0B11", 0, 1}, {"0b", 0, 8}, {"0x", 0, 8}, {"0b2", 0, 8},
      {"0xg", 0, 8}, {"5", 0, 1}, {"0", 0, 1}, {"05", 0, 1}, {"00", 0, 1}, {"10", 0, 1}, {"0123", 0, 8}, {"0a", 0, 8},
      {"12x", 0, 8}, {"", 0, 8}, {"", 10, 8}, {"-1", 10, 8}, {"+1", 10, 8}, {" 1", 10, 8}, {"1 ", 10, 8}, {"1.5", 10, 8},
      {"12", 8, 8}, {"12", 1, 8}, {"12", 36, 8}, {"12", -10, 8}, {"12", 10, 0}, {"12", 10, 3}, {"12", 10, 5}, {"12", 10, 16},
      {"102", 2, 8}, {"11111111", 2, 1}, {"111111111", 2, 1}, {"x", 10, 8}, {"/", 10, 8}, {":", 10, 8}, {"@", 16, 8},
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) show(table[i].text, table[i].base, table[i].width);
  uint64_t value = 7;
  bool ok = mg_str_to_num(mg_str_n("123456", 3), 10, &value, 8);
  printf("length counts: %d %d\n", ok, (int) value);
  ok = mg_str_to_num(mg_str_n("1\0", 2), 10, &value, 8);
  printf("NUL is no digit: %d %d\n", ok, (int) value);

  static const char *sizes[] = {" 123 \t", "007", "0", "", " ", "\t", "-1", "+1", "1 2", "\n1", "1\n", "1\r", "12a",
                                "18446744073709551615", "18446744073709551616", "99999999999999999999999", "0x1", " \t 5"};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    size_t size = 42;
    ok = mg_to_size_t(mg_str(sizes[i]), &size);
    printf("size");
    for (const char *p = sizes[i]; *p != '\0'; p++) printf(" %02x", (unsigned char) *p);
    printf(": %d %llu\n", ok, (unsigned long long) size);
  }

  uint32_t state = 1, crc = 0;
  for (int i = 0; i < 200000; i++) {
    static const int bases[] = {0, 2, 10, 16};
    char text[12], line[64];
    size_t len = (size_t) (i % 11), size = 0;
    for (size_t j = 0; j < len; j++) {
      state = state * 1664525u + 1013904223u;
      text[j] = "0011223456789abfxFb \t-"[(state >> 8) % (i & 1 ? 22 : 4)];
    }
    state = state * 1664525u + 1013904223u;
    value = 0;
    ok = mg_str_to_num(mg_str_n(text, len), bases[state >> 30], &value, (size_t) 1 << (state >> 28 & 3));
    bool ok2 = mg_to_size_t(mg_str_n(text, len), &size);
    snprintf(line, sizeof(line), "%d %llx %d %llx", ok, (unsigned long long) value, ok2, (unsigned long long) size);
    crc = mg_crc32(crc, line, strlen(line));
  }
  printf("random text: %08x\n", crc);
  return 0;
}
