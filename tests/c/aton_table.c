// mg_aton: literal addresses, and what it leaves alone in the struct.

#include "mongoose.h"

static void show(const char *text) {
  struct mg_addr addr;
  memset(&addr, 0x11, sizeof(addr));
  addr.is_ip6 = false;
  bool ok = mg_aton(mg_str(text), &addr);
  printf("\"%s\": %d", text, ok);
  if (ok) {
    printf(" ");
    for (int i = 0; i < 16; i++) printf("%02x", addr.addr.ip[i]);
    printf(" port %x scope %x ip6 %d", addr.port, addr.scope_id, addr.is_ip6);
  }
  printf("\n");
}

int main(void) {
  static const char *table[] = {
      "", "localhost", "LOCALHOST", "localhost.", "1.2.3.4", "01.002.0003.4", "255.255.255.255", "0.0.0.0", "0", "1.2.3",
      "127.1", "256.1.1.1", "1.2.3.4.", "1..2.3", "1.2.3.4 ", " 1.2.3.4", "0.0.0.-1", "0x7f.0.0.1", "*", "[1.2.3.4]",
      "1.2.3.4.5", ".1.2.3.4", "1.2.3.+4", "99999999999.1.1.1", "::", "::1", "1::", "1:2::3", "1:2:3:4:5:6:7:8",
      "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "0000:0000::0001", "[::1]", "[1::2]", "[::]", "::ffff:1.2.3.4",
      "::FFFF:1.2.3.4", "[::ffff:1.2.3.4]", "::ffff:01.2.3.4", "::1.2.3.4", "64:ff9b::1.2.3.4", "12345::1", "1:::2",
      "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:g", ":", ":1", "1:", "a", "abcd", "[]", "::1/64",
      "fe80::1%5", "[fe80::1%5]", "fe80::1%256", "fe80::1%eth0", "fe80::1%", "1:2:3:4:5:6:7:8%5", "1:2:3:4:5:6:7:8%255",
      "1:2:3:4:5:6:7:8%005", "[1:2:3:4:5:6:7:8%7]", "1:2:3:4:5:6:7:8%+1", "[::1", "::1:", ":ffff::ab", "1:2:3:4:5:6:7:",
      "1::2:3:4:5:6:7:8", "ABCD:ef01::", "::ffff:1.2.3.4%5", "::ffff:1.2.3", "::ffff:1.2.3.256", "0::ffff:1.2.3.4",
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) show(table[i]);
  struct mg_addr addr;
  memset(&addr, 0, sizeof(addr));
  printf("length counts: %d %d\n", mg_aton(mg_str_n("1.2.3.45", 7), &addr), addr.addr.ip[3]);

  // Well-formed IPv6 addresses.
  uint32_t state = 1, crc = 0, accepted = 0;
  for (int i = 0; i < 100000; i++) {
    char text[64] = "";
    state = state * 1664525u + 1013904223u;
    int groups = state >> 8 & 7, gap = groups == 7 ? 8 : (int) (state >> 16 & 7) % (groups + 1);
    for (int j = 0; j < groups + (gap == 8); j++) {
      char group[16];
      state = state * 1664525u + 1013904223u;
      snprintf(group, sizeof(group), j & 1 ? "%X" : "%x", (state >> 8 & 0xffff) >> (state >> 28 & 12));
      if (j == gap) strcat(text, "::");
      else if (j > 0) strcat(text, ":");
      strcat(text, group);
    }
    if (gap == groups) strcat(text, "::");
    memset(&addr, 0, sizeof(addr));
    bool ok = mg_aton(mg_str(text), &addr);
    accepted += ok;
    crc = mg_crc32(crc, ok ? (char *) &addr : text, ok ? sizeof(addr) : 1);
  }
  printf("random IPv6: %u %08x\n", accepted, crc);
  // Almost well-formed IPv4 addresses.
  accepted = 0;
  for (int i = 0; i < 200000; i++) {
    char text[16];
    size_t len = (size_t) (7 + i % 8);
    for (size_t j = 0; j < len; j++) {
      state = state * 1664525u + 1013904223u;
      text[j] = "0123459..."[(state >> 8) % 10];
    }
    memset(&addr, 0, sizeof(addr));
    bool ok = mg_aton(mg_str_n(text, len), &addr);
    accepted += ok;
    crc = mg_crc32(crc, ok ? (char *) &addr : "x", ok ? sizeof(addr) : 1);
  }
  printf("random IPv4: %u %08x\n", accepted, crc);
  return 0;
}
