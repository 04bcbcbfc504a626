// mg_hexdump writes to the log, 16 bytes to the line, whatever the level.
#include "mongoose.h"

static char s_log[350000];
static size_t s_len;

static void sink(char ch, void *param) {
  (void) param;
  if (s_len < sizeof(s_log) - 1) s_log[s_len++] = ch;
}

static unsigned long checksum(const void *data, size_t len) {
  unsigned long sum = 5381;
  for (size_t i = 0; i < len; i++) sum = (sum * 33 + ((const unsigned char *) data)[i]) & 0xffffffffUL;
  return sum;
}

static void show(const char *label) {
  printf("%s: ", label);
  for (size_t i = 0; i < s_len; i++) {
    if (s_log[i] >= ' ' && s_log[i] <= '~') putchar(s_log[i]);
    else printf("\\x%02x", (unsigned char) s_log[i]);
  }
  printf("| %lu\n", (unsigned long) s_len);
  s_len = 0;
}

int main(void) {
  static char data[70000];
  char label[30];
  mg_log_level = 0;
  mg_log_set_fn(sink, NULL);
  for (size_t i = 0; i < sizeof(data); i++) data[i] = (char) i;
  mg_hexdump("", 0);
  show("nothing");
  mg_hexdump("a", 1);
  show("one byte");
  mg_hexdump("hello world 0123456789\x01\xff", 24);
  show("two lines");
  for (int n = 15; n <= 17; n++) {
    snprintf(label, sizeof(label), "%d bytes", n);
    mg_hexdump(data + 32, (size_t) n);
    show(label);
  }
  mg_hexdump(data + 0x78, 16);
  show("printable or not");
  mg_hexdump(data, sizeof(data));
  printf("behind 64 KiB: %.7s\n", s_log + 65536 / 16 * 75);
  printf("long dump: %lu %08lx\n", (unsigned long) s_len, checksum(s_log, s_len));
  return 0;
}
